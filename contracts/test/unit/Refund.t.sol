// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {ReentrantPayee} from "../mocks/ReentrantPayee.sol";
import {RefusingPayee} from "../mocks/RefusingPayee.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

contract RefundTest is MarketTest {
    uint256 private windowed;
    ICourseMarket.Purchase private bought;

    function setUp() public override {
        super.setUp();
        windowed = list(lister, payee, WINDOW, prices(PRICE, 0, DEAR));
        buy(windowed, 0, PRICE);
        bought = boughtBy(windowed, 0, PRICE, WINDOW);
    }

    // -------------------------------------------------------------------------------------------- holding

    function test_EmitsTheHold() external {
        setFee(250);
        vm.expectEmit(address(market));
        emit ICourseMarket.CoursePurchased(ORDER, learner, windowed, 2, address(0), DEAR);
        vm.expectEmit(address(market));
        emit IERC721.Transfer(address(0), learner, passId(learner, windowed, 2));
        vm.expectEmit(address(market));
        emit ICourseMarket.PurchaseHeld(ORDER, payee, buyer, DEAR / 40, windowEnd(WINDOW));
        buy(windowed, 2, DEAR);
    }

    function test_HoldsTheMoney() external {
        vm.assertEq(payoutOf(payee), 0);
        assertHeld(PRICE, 0);
        vm.prank(payee);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketTreasury.CourseMarket_NothingToWithdraw.selector, payee)
        );
        market.withdraw(address(0), payee);
    }

    function test_GivesARecordedPass() external {
        uint256 id = passId(learner, windowed, 0);
        vm.assertTrue(market.hasPass(learner, windowed, 0));
        vm.assertFalse(market.hasPass(buyer, windowed, 0));
        vm.assertEq(market.ownerOf(id), learner);
        vm.assertTrue(market.locked(id));
        buy(course, 0, PRICE);
        vm.assertEq(market.balanceOf(learner), 2);
    }

    function test_RevertWhen_RecordedPassIsBoughtAgain() external {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AlreadyOwned.selector, learner, windowed, 0)
        );
        buy(windowed, 0, PRICE);
    }

    // ----------------------------------------------------------------------------------------- refunding

    function test_SendsTheMoneyBackToThePayer() external {
        uint256 before = buyer.balance;
        refundBy(learner);
        vm.assertEq(buyer.balance, before + PRICE);
        vm.assertEq(address(market).balance, 0);
        assertHeld(0, 0);
        vm.warp(bought.refundableUntil);
        vm.assertEq(payoutOf(payee), 0);
    }

    function test_ListerGrantsARefund() external {
        refundBy(lister);
        vm.assertFalse(market.hasPass(learner, windowed, 0));
    }

    function test_EmitsTheRefund() external {
        vm.expectEmit(address(market));
        emit IERC721.Transfer(learner, address(0), passId(learner, windowed, 0));
        vm.expectEmit(address(market));
        emit ICourseMarket.PurchaseRefunded(ORDER, learner, windowed, 0, address(0), PRICE, buyer);
        refundBy(learner);
    }

    function test_BurnsThePass() external {
        refundBy(learner);
        vm.assertFalse(market.hasPass(learner, windowed, 0));
        vm.assertEq(market.balanceOf(learner), 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketErrors.CourseMarket_UnknownPass.selector, passId(learner, windowed, 0)
            )
        );
        market.ownerOf(passId(learner, windowed, 0));
    }

    function test_GivesTheFeeBack() external {
        setFee(1000);
        buy(windowed, 2, DEAR);
        assertHeld(PRICE + DEAR - DEAR / 10, DEAR / 10);
        uint256 before = buyer.balance;
        bought = boughtBy(windowed, 2, DEAR, WINDOW);
        bought.fee = DEAR / 10;
        refundBy(learner);
        vm.assertEq(buyer.balance, before + DEAR);
        assertHeld(PRICE, 0);
    }

    function test_RefundsInTheLastSecond() external {
        vm.warp(bought.refundableUntil - 1);
        vm.assertEq(payoutOf(payee), 0);
        refundBy(learner);
        vm.assertFalse(market.hasPass(learner, windowed, 0));
    }

    function test_RefundsInTwoHundredYears() external {
        // On a day that has a higher number than a day has seconds.
        vm.warp(90_000 days);
        buy(windowed, 2, DEAR);
        bought = boughtBy(windowed, 2, DEAR, WINDOW);
        refundBy(learner);
        vm.assertFalse(market.hasPass(learner, windowed, 2));
    }

    function test_RefundsWhilePaused() external {
        pause();
        refundBy(learner);
        vm.assertFalse(market.hasPass(learner, windowed, 0));
    }

    function test_RefundsWhatTheCourseNoLongerIs() external {
        setFee(700);
        vm.prank(lister);
        market.setPayee(windowed, stranger);
        vm.prank(lister);
        market.setWindow(windowed, 1);
        vm.prank(lister);
        market.setTiers(windowed, prices());
        uint256 before = buyer.balance;
        refundBy(learner);
        vm.assertEq(buyer.balance, before + PRICE);
    }

    function test_SellsAgainAfterARefund() external {
        refundBy(learner);
        buy(windowed, 0, PRICE);
        vm.assertTrue(market.hasPass(learner, windowed, 0));
        assertHeld(PRICE, 0);
    }

    function test_CreditsAPayerThatRefusesMoney_Case28() external {
        address refusing = address(new RefusingPayee(market));
        vm.deal(refusing, DEAR);
        vm.prank(refusing);
        market.purchase{value: DEAR}(ORDER, windowed, 2, learner);
        bought = boughtBy(windowed, 2, DEAR, WINDOW);
        bought.payer = refusing;
        vm.expectEmit(address(market));
        emit ICourseMarket.RefundCredited(refusing, address(0), DEAR);
        refundBy(learner);
        vm.assertEq(payoutOf(refusing), DEAR);
        vm.assertEq(market.feesOf(refusing, address(0)), 0);
        RefusingPayee(refusing).withdrawTo(payable(stranger));
        vm.assertEq(stranger.balance, DEAR);
    }

    function test_RefundsOnceWhenReentered() external {
        buy(windowed, 2, DEAR); // somebody else's money, to be had if anything is wrong
        ReentrantPayee attacker = new ReentrantPayee(market);
        vm.deal(address(attacker), PRICE);
        vm.prank(address(attacker));
        market.purchase{value: PRICE}(ORDER, windowed, 0, address(attacker));
        (bought.payer, bought.beneficiary) = (address(attacker), address(attacker));
        attacker.arm(abi.encodeCall(ICourseMarket.refund, (bought)), 0);
        refundBy(address(attacker));
        vm.assertFalse(attacker.succeeded());
        vm.assertEq(attacker.received(), PRICE);
        vm.assertEq(address(market).balance, PRICE + DEAR);
    }

    // ------------------------------------------------------------------------------------------ refusing

    function test_RevertWhen_RefundedByAnother() external {
        address[5] memory others = [stranger, buyer, payee, owner, address(0xfee)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ICourseMarket.CourseMarket_NotRefunder.selector, others[i])
            );
            refundBy(others[i]);
        }
    }

    function test_RevertWhen_WindowHasEnded_Case28() external {
        vm.warp(bought.refundableUntil);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_WindowEnded.selector, bought.refundableUntil)
        );
        refundBy(learner);
        vm.assertEq(payoutOf(payee), PRICE);
    }

    function test_RevertWhen_RefundedTwice_Case28() external {
        refundBy(learner);
        expectUnknown(learner);
    }

    function test_RevertWhen_RefundDiffers_Case28() external {
        bought.orderId = keccak256("another");
        expectUnknown(learner);
        (bought.orderId, bought.payer) = (ORDER, stranger);
        expectUnknown(learner);
        (bought.payer, bought.payee) = (buyer, stranger);
        expectUnknown(learner);
        (bought.payee, bought.token) = (payee, address(0xfee));
        expectUnknown(learner);
        (bought.token, bought.amount) = (address(0), PRICE + 1);
        expectUnknown(learner);
        (bought.amount, bought.fee) = (PRICE, 1);
        expectUnknown(learner);
        (bought.fee, bought.refundableUntil) = (0, bought.refundableUntil + 1 days);
        expectUnknown(learner);
        (bought.refundableUntil, bought.tier) = (bought.refundableUntil - 1 days, 2);
        expectUnknown(learner);
        (bought.tier, bought.courseId) = (0, course);
        expectUnknown(learner);
        (bought.courseId, bought.beneficiary) = (windowed, stranger);
        expectUnknown(stranger);
        bought.beneficiary = learner;
        refundBy(learner);
    }

    function test_RevertWhen_RefundIdsAlias() external {
        bought.courseId = windowed + 2 ** 253;
        expectUnknown(learner);
        // The first bit that a token's id has no room for.
        bought.courseId = windowed + 2 ** 93;
        expectUnknown(learner);
        vm.assertFalse(market.hasPass(learner, bought.courseId, 0));
        (bought.courseId, bought.tier) = (windowed - 1, 8);
        expectUnknown(learner);
    }

    function test_RevertWhen_CourseHasNoWindow() external {
        buy(course, 0, PRICE);
        bought = boughtBy(course, 0, PRICE, 0);
        expectUnknown(learner);
        expectUnknown(lister);
    }

    function test_RevertWhen_AnotherCoursesListerRefunds() external {
        uint256 other = list(stranger, stranger, WINDOW, prices(PRICE));
        vm.assertTrue(other != windowed);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_NotRefunder.selector, stranger));
        refundBy(stranger);
    }

    // --------------------------------------------------------------------------------------------- tokens

    function test_RefundsTokens() external {
        IToken token = buyWithToken(deployToken("Token", 6));
        uint256 before = token.balanceOf(buyer);
        refundBy(learner);
        vm.assertEq(token.balanceOf(buyer), before + DEAR);
        vm.assertEq(token.balanceOf(address(market)), 0);
        // The books are straight: the next purchase is taken.
        buyToken(token);
    }

    function test_RefundsATokenTakenOffTheList() external {
        IToken token = buyWithToken(deployToken("Token", 6));
        vm.prank(owner);
        market.setTokenAllowed(address(token), false);
        refundBy(learner);
        vm.assertEq(token.balanceOf(address(market)), 0);
    }

    function test_CreditsAPayerThatATokenBlocks_Case28() external {
        IToken token = buyWithToken(deployToken("BlockingToken"));
        token.block_(buyer);
        vm.expectEmit(address(market));
        emit ICourseMarket.RefundCredited(buyer, address(token), DEAR);
        refundBy(learner);
        vm.assertEq(market.payoutOf(buyer, address(token)), DEAR);
        vm.prank(buyer);
        market.withdraw(address(token), stranger);
        vm.assertEq(token.balanceOf(stranger), DEAR);
    }

    function test_RevertWhen_RefundTakesMore_Case25() external {
        IToken token = buyWithToken(deployToken("TakingToken"));
        ICourseMarket.Order memory order = orderFor(windowed, 2, address(token), DEAR);
        order.beneficiary = stranger;
        vm.prank(buyer);
        market.purchaseForTokens(order, "");
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketTreasury.CourseMarket_TokenShrank.selector, address(token), DEAR, DEAR - DEAR / 100
            )
        );
        refundBy(learner);
        vm.assertTrue(market.hasPass(learner, windowed, 2));
        vm.assertEq(token.balanceOf(address(market)), 2 * uint256(DEAR));
    }

    function test_CreditsAPayerWhoseTokenIsGone_Case28() external {
        IToken token = buyWithToken(deployToken("Token", 6));
        bytes memory code = address(token).code;
        vm.etch(address(token), "");
        vm.expectEmit(address(market));
        emit ICourseMarket.RefundCredited(buyer, address(token), DEAR);
        refundBy(learner);
        vm.etch(address(token), code);
        vm.prank(buyer);
        market.withdraw(address(token), stranger);
        vm.assertEq(token.balanceOf(stranger), DEAR);
    }

    // -------------------------------------------------------------------------------------------- helpers

    function buyWithToken(IToken token) private returns (IToken) {
        allow(token);
        vm.prank(lister);
        market.setTokenPrice(windowed, 2, address(token), DEAR);
        buyToken(token);
        bought = boughtBy(windowed, 2, DEAR, WINDOW);
        bought.token = address(token);
        return token;
    }

    function buyToken(IToken token) private {
        ICourseMarket.Order memory order = orderFor(windowed, 2, address(token), DEAR);
        vm.prank(buyer);
        market.purchaseForTokens(order, "");
    }

    function refundBy(address who) private {
        vm.prank(who);
        market.refund(bought);
    }

    function expectUnknown(address by) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_UnknownPurchase.selector, bought.orderId)
        );
        refundBy(by);
    }

    function assertHeld(uint256 net, uint256 fee) private view {
        (uint256 net_, uint256 fee_) = market.heldFor(payee, address(0));
        vm.assertEq(net_, net);
        vm.assertEq(fee_, fee);
    }
}
