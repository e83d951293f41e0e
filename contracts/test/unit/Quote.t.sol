// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketControl} from "../../src/interfaces/IMarketControl.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarket} from "../utils/IMarket.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

contract QuoteTest is MarketTest {
    uint256 private constant OTHER_KEY = 0xbad;

    uint96 private constant QUOTED = 0.007 ether;

    ICourseMarket.Order private order;

    function setUp() public override {
        super.setUp();
        order = orderFor(course, 0, address(0), QUOTED);
    }

    // ----------------------------------------------------------------------------------------- the selling

    function test_SellsAtTheQuotedPrice() external {
        buyQuoted(quote(order));
        vm.assertTrue(market.hasPass(learner, course, 0));
        vm.assertEq(payoutOf(payee), QUOTED);
    }

    function test_EmitsTheQuotedPurchase() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.CoursePurchased(ORDER, learner, course, 0, address(0), QUOTED);
        vm.expectEmit(address(market));
        emit IERC721.Transfer(address(0), learner, passId(learner, course, 0));
        buyQuoted(quote(order));
    }

    function test_TakesTheFeeOfAQuotedPrice() external {
        setFee(1000);
        buyQuoted(quote(order));
        vm.assertEq(market.feesOf(payee, address(0)), QUOTED / 10);
        vm.assertEq(payoutOf(payee), QUOTED - QUOTED / 10);
    }

    function test_SellsATierWithoutAPrice() external {
        vm.prank(lister);
        market.setTier(course, 1, 0, true);
        order.tier = 1;
        buyQuoted(quote(order));
        vm.assertTrue(market.hasPass(learner, course, 1));
    }

    function test_RevertWhen_TierWithoutAPriceIsBoughtForNothing() external {
        vm.prank(lister);
        market.setTier(course, 1, 0, true);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 1));
        buy(course, 1, 0);
    }

    function test_AnyoneMayPayForAQuote() external {
        bytes memory signature = quote(order);
        vm.deal(stranger, QUOTED);
        vm.prank(stranger);
        market.purchaseQuoted{value: QUOTED}(order, signature);
        vm.assertTrue(market.hasPass(learner, course, 0));
    }

    function test_SellsInTheLastSecond() external {
        bytes memory signature = quote(order);
        vm.warp(order.deadline);
        buyQuoted(signature);
        vm.assertTrue(market.hasPass(learner, course, 0));
    }

    function test_SellsAtTheLowestAndTheHighestAmount() external {
        order.amount = 1;
        buyQuoted(quote(order));
        order.beneficiary = stranger;
        order.amount = type(uint96).max;
        vm.deal(buyer, type(uint96).max);
        buyQuoted(quote(order));
        vm.assertEq(payoutOf(payee), 1 + uint256(type(uint96).max));
    }

    function test_SellsAtTheLatestDeadline() external {
        order.deadline = block.timestamp + market.MAX_QUOTE_LIFETIME();
        buyQuoted(quote(order));
        vm.assertTrue(market.hasPass(learner, course, 0));
    }

    // ---------------------------------------------------------------------------------------- the refusing

    function test_RevertWhen_QuotedWhilePaused() external {
        bytes memory signature = quote(order);
        pause();
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
        buyQuoted(signature);
    }

    function test_RevertWhen_QuoteHasOtherTerms() external {
        bytes memory signature = quote(order);
        ICourseMarket.Order memory good = order;
        order.orderId = keccak256("another");
        expectInvalid(signature);
        (order.orderId, order.tier) = (good.orderId, 2);
        expectInvalid(signature);
        (order.tier, order.beneficiary) = (0, stranger);
        expectInvalid(signature);
        (order.beneficiary, order.amount) = (learner, QUOTED - 1);
        expectInvalid(signature);
        (order.amount, order.deadline) = (QUOTED, good.deadline + 1);
        expectInvalid(signature);
        (order.deadline, order.courseId) = (good.deadline, list(lister, payee, prices(PRICE)));
        expectInvalid(signature);
    }

    function test_RevertWhen_QuoteIsForAnotherCurrency() external {
        order.token = address(deployToken("Token", 6));
        bytes memory signature = quote(order);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_WrongCurrency.selector, order.token)
        );
        buyQuoted(signature);
        order.token = address(0);
        expectInvalid(signature);
    }

    function test_RevertWhen_SignedByAnother() external {
        expectInvalid(quoteBy(OTHER_KEY, order));
    }

    function test_RevertWhen_SignatureIsBroken() external {
        bytes memory signature = quote(order);
        expectInvalid("");
        expectInvalid(new bytes(65));
        signature[64] = bytes1(uint8(29));
        expectInvalid(signature);
        expectInvalid(abi.encodePacked(signature, uint8(0)));
    }

    function test_RevertWhen_ThereIsNoSigner() external {
        bytes memory signature = quote(order);
        vm.prank(owner);
        market.setQuoteSigner(address(0));
        expectInvalid(signature);
        expectInvalid(new bytes(65));
    }

    function test_RevertWhen_SignerWasReplaced() external {
        bytes memory signature = quote(order);
        vm.prank(owner);
        market.setQuoteSigner(vm.addr(OTHER_KEY));
        expectInvalid(signature);
        buyQuoted(quoteBy(OTHER_KEY, order));
    }

    function test_RevertWhen_QuoteIsForAnotherMarket() external {
        IMarket other = deploy();
        vm.prank(lister);
        other.listCourse(COURSE_REF, payee, 0, prices(PRICE));
        bytes memory signature = quote(order);
        vm.prank(buyer);
        expectError(ICourseMarket.CourseMarket_QuoteInvalid.selector);
        other.purchaseQuoted{value: QUOTED}(order, signature);
    }

    function test_RevertWhen_QuoteIsForAnotherChain() external {
        bytes memory signature = quote(order);
        vm.chainId(10);
        expectInvalid(signature);
    }

    function test_RevertWhen_QuoteExpired() external {
        bytes memory signature = quote(order);
        vm.warp(order.deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_OrderExpired.selector, order.deadline)
        );
        buyQuoted(signature);
    }

    function test_RevertWhen_QuoteHoldsTooLong() external {
        uint256 latest = block.timestamp + 1 days;
        order.deadline = latest + 1;
        bytes memory signature = quote(order);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_QuoteTooLong.selector, latest, latest + 1)
        );
        buyQuoted(signature);
    }

    function test_RevertWhen_AnotherSumIsSent() external {
        bytes memory signature = quote(order);
        vm.prank(buyer);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_WrongPrice.selector, QUOTED, QUOTED + 1)
        );
        market.purchaseQuoted{value: QUOTED + 1}(order, signature);
    }

    function test_RevertWhen_QuotedForNothingOrTooMuch() external {
        order.amount = 0;
        expectOutOfRange(quote(order));
        order.amount = uint256(type(uint96).max) + 1;
        vm.deal(buyer, order.amount);
        expectOutOfRange(quote(order));
    }

    function test_RevertWhen_QuotedTierIsNotOnSale() external {
        bytes memory signature = quote(order);
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 0));
        buyQuoted(signature);
    }

    function test_RevertWhen_QuotedCourseIsUnknown() external {
        order.courseId = 77;
        bytes memory signature = quote(order);
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownCourse.selector, 77));
        buyQuoted(signature);
    }

    function test_RevertWhen_QuotedForNobody() external {
        order.beneficiary = address(0);
        bytes memory signature = quote(order);
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        buyQuoted(signature);
    }

    // ------------------------------------------------------------------------------------------ only once

    function test_RevertWhen_QuoteIsUsedTwice() external {
        bytes memory signature = quote(order);
        buyQuoted(signature);
        expectAlreadyOwned(order.courseId);
        buyQuoted(signature);
    }

    function test_RevertWhen_QuoteIsUsedTwiceWithAWindow() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        bytes memory signature = quote(order);
        buyQuoted(signature);
        expectAlreadyOwned(order.courseId);
        buyQuoted(signature);
    }

    function test_RevertWhen_QuoteIsUsedAgainAfterARefund() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        order.deadline = block.timestamp + 1 days;
        bytes memory signature = quote(order);
        buyQuoted(signature);
        refundQuoted(WINDOW);

        expectSpent(block.timestamp);
        buyQuoted(signature);
        // Nor another one that was signed before, and is the last that could have been.
        order.orderId = keccak256("another");
        bytes memory other = quote(order);
        expectSpent(block.timestamp);
        buyQuoted(other);
    }

    function test_RevertWhen_QuoteIsUsedAgainInTheShortestWindow() external {
        order.courseId = list(lister, payee, 1, prices(PRICE));
        bytes memory signature = quote(order);
        buyQuoted(signature);
        refundQuoted(1);
        expectSpent(block.timestamp);
        buyQuoted(signature);
    }

    function test_SellsByANewQuoteADayAfterARefund() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        buyQuoted(quote(order));
        refundQuoted(WINDOW);
        vm.warp(START + 1 days);
        order.deadline = block.timestamp + 1;
        buyQuoted(quote(order));
        vm.assertTrue(market.hasPass(learner, order.courseId, 0));
    }

    function test_SellsAtTheListedPriceAfterARefund() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        buyQuoted(quote(order));
        refundQuoted(WINDOW);
        buy(order.courseId, 0, PRICE);
        vm.assertTrue(market.hasPass(learner, order.courseId, 0));
    }

    // --------------------------------------------------------------------------------------------- helpers

    function buyQuoted(bytes memory signature) private {
        vm.prank(buyer);
        market.purchaseQuoted{value: order.amount}(order, signature);
    }

    function refundQuoted(uint8 window) private {
        ICourseMarket.Purchase memory bought = boughtBy(order.courseId, 0, QUOTED, window);
        vm.prank(learner);
        market.refund(bought);
    }

    function expectInvalid(bytes memory signature) private {
        expectError(ICourseMarket.CourseMarket_QuoteInvalid.selector);
        buyQuoted(signature);
    }

    function expectOutOfRange(bytes memory signature) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AmountOutOfRange.selector, order.amount)
        );
        buyQuoted(signature);
    }

    function expectSpent(uint256 refundedAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_QuoteSpent.selector, refundedAt, order.deadline)
        );
    }

    function expectAlreadyOwned(uint256 courseId) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AlreadyOwned.selector, learner, courseId, 0)
        );
    }
}
