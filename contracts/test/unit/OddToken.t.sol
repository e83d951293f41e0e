// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {TokenMarketTest} from "../utils/TokenMarketTest.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract OddTokenTest is TokenMarketTest {
    /// @dev Where the market keeps its tokens; the test that uses it would fail at another place.
    uint256 private constant TOKENS_SLOT = 8;

    // ----------------------------------------------------------------------------------------- odd tokens

    function test_SellsForATokenThatAnswersNothing() external {
        use(deployToken("SilentToken"));
        buyFor("");
        assertSold();
        vm.prank(payee);
        market.withdraw(address(token), payee);
        vm.assertEq(token.balanceOf(payee), DEAR);
    }

    function test_RevertWhen_TokenAnswersFalse() external {
        use(deployToken("FalseToken"));
        vm.prank(buyer);
        token.approve(address(market), DEAR - 1);
        vm.expectRevert();
        buyFor("");
        vm.assertFalse(market.hasPass(learner, course, 0));
    }

    function test_RevertWhen_PayoutAnswersFalse() external {
        use(deployToken("FalseToken"));
        buyFor("");
        token.freeze();
        expectNotSent(payee);
        vm.assertEq(payout(), DEAR);
    }

    function test_RevertWhen_TokenMovesNothing() external {
        use(deployToken("LyingToken"));
        expectWrongAmount(0);
    }

    function test_RevertWhen_TokenTakesAFee_Case25() external {
        use(deployToken("FeeToken"));
        expectWrongAmount(DEAR - DEAR / 100);
    }

    function test_RevertWhen_AuthorizedTokenTakesAFee() external {
        use(deployToken("FeeToken"));
        (, ICourseMarket.Authorization memory authorization) = signed();
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketTreasury.CourseMarket_WrongTokenAmount.selector,
                address(token),
                DEAR,
                DEAR - DEAR / 100
            )
        );
        market.purchaseWithAuthorization(order, "", authorization);
    }

    function test_RevertWhen_TokenGivesMore() external {
        use(deployToken("GenerousToken"));
        expectWrongAmount(DEAR + DEAR / 100);
    }

    function test_RevertWhen_TokenShrank() external {
        use(deployToken("RebasingToken"));
        buyFor("");
        token.shrink(address(market), 1);
        order.beneficiary = stranger;
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketTreasury.CourseMarket_TokenShrank.selector, address(token), DEAR, DEAR - 1
            )
        );
        buyFor("");
        token.mint(address(market), 1);
        buyFor("");
        assertSold();
    }

    function test_GiftsToTheMarketAreNobodys() external {
        token.mint(address(market), 5);
        buyFor("");
        assertSold();
        vm.assertEq(token.balanceOf(address(market)), DEAR + 5);
    }

    function test_RevertWhen_TokenBlocksThePayee() external {
        use(deployToken("BlockingToken"));
        buyFor("");
        token.block_(payee);
        expectNotSent(payee);
        vm.prank(payee);
        market.withdraw(address(token), stranger);
        vm.assertEq(token.balanceOf(stranger), DEAR);
    }

    function test_RevertWhen_PayoutTakesMore_Case25() external {
        setFee(1000);
        use(deployToken("TakingToken"));
        buyFor("");
        // One per cent of nine tenths would be of the platform's tenth.
        expectShrank(address(token), DEAR / 10, DEAR / 10 - DEAR * 9 / 1000);
        vm.prank(payee);
        market.withdraw(address(token), payee);
        vm.assertEq(payout(), DEAR - DEAR / 10);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RevertWhen_FeePayoutTakesMore_Case25() external {
        setFee(1000);
        use(deployToken("TakingToken"));
        buyFor("");
        vm.prank(owner);
        market.setFeePayee(owner);
        address[] memory payees = new address[](1);
        payees[0] = payee;
        expectShrank(address(token), DEAR - DEAR / 10, DEAR - DEAR / 10 - DEAR / 1000);
        vm.prank(owner);
        market.withdrawFees(address(token), payees, owner);
        vm.assertEq(market.feesOf(payee, address(token)), DEAR / 10);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_PaysATokenThatShrank() external {
        setFee(1000);
        use(deployToken("RebasingToken"));
        buyFor("");
        token.shrink(address(market), DEAR / 20);
        vm.prank(payee);
        market.withdraw(address(token), payee);
        vm.assertEq(token.balanceOf(payee), DEAR - DEAR / 10);
        vm.assertEq(token.balanceOf(address(market)), DEAR / 20);
    }

    function test_RevertWhen_PaidTokenTellsNoBalance() external {
        use(deployToken("MumblingToken"));
        buyFor("");
        token.mumble(31, false);
        expectNotSent(payee);
        token.mumble(0, false);
        expectNotSent(payee);
        token.mumble(32, true);
        expectNotSent(payee);
        token.mumble(32, false);
        vm.prank(payee);
        market.withdraw(address(token), payee);
        vm.assertEq(token.balanceOf(payee), DEAR);
    }

    function test_RevertWhen_TokensGoToTheMarket() external {
        buyFor("");
        expectNotSent(address(market));
        vm.assertEq(payout(), DEAR);
    }

    function test_RevertWhen_BooksAreFull() external {
        use(deployToken("Token", 0));
        token.mint(buyer, 2 ** 130);
        uint256 id = course;
        uint256 most = type(uint96).max;
        (order.amount, order.deadline) = (most, block.timestamp + 1 days);
        // 2^20 purchases of the highest price fill them; a storage slot stands for all but one.
        bytes32 slot = keccak256(abi.encode(address(token), TOKENS_SLOT));
        uint256 known = uint256(vm.load(address(market), slot));
        vm.store(address(market), slot, bytes32(known | (2 ** 116 - 1 - most) << 24));
        token.mint(address(market), 2 ** 116 - 1 - most);
        buyFor(quote(order));
        (order.beneficiary, order.amount) = (stranger, 1);
        bytes memory signature = quote(order);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenBooksFull.selector, address(token))
        );
        buyFor(signature);
        vm.assertTrue(market.hasPass(learner, id, 0));
    }

    // ------------------------------------------------------------------------------------------- rescues

    function test_RescuesATokenThatAnswersNothing() external {
        use(deployToken("SilentToken"));
        buyFor("");
        stray(token, 5);
        rescue(address(token), stranger, 5);
        vm.assertEq(token.balanceOf(stranger), 5);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RevertWhen_RescueAnswersFalse() external {
        use(deployToken("FalseToken"));
        stray(token, 5);
        token.freeze();
        expectNotPaid(stranger, 5);
        rescue(address(token), stranger, 5);
    }

    function test_RevertWhen_RescueIsBlocked() external {
        use(deployToken("BlockingToken"));
        stray(token, 5);
        token.block_(stranger);
        expectNotPaid(stranger, 5);
        rescue(address(token), stranger, 5);
    }

    function test_RevertWhen_RescueTakesWhatIsOwed() external {
        use(deployToken("TakingToken"));
        buyFor("");
        stray(token, 1000);
        expectShrank(address(token), DEAR, DEAR - 10);
        rescue(address(token), stranger, 1000);
        expectShrank(address(token), DEAR, DEAR - 1);
        rescue(address(token), stranger, 991);
        // It may take of what is nobody's.
        rescue(address(token), stranger, 990);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RevertWhen_RescuedTokenShrank() external {
        use(deployToken("RebasingToken"));
        buyFor("");
        token.shrink(address(market), 2);
        expectNotSurplus(token, 0, 1);
        rescue(address(token), stranger, 1);
        stray(token, 2);
        expectNotSurplus(token, 0, 1);
        rescue(address(token), stranger, 1);
        stray(token, 1);
        rescue(address(token), stranger, 1);
    }

    function test_RescuesOtherTokensWhenOneShrank() external {
        use(deployToken("RebasingToken"));
        buyFor("");
        token.shrink(address(market), 1);
        IToken other = deployToken("Token", 6);
        stray(other, 5);
        rescue(address(other), stranger, 5);
        vm.assertEq(other.balanceOf(stranger), 5);
    }

    function test_RescuesOtherTokensWhenOneIsGone() external {
        vm.etch(address(token), "");
        IToken other = deployToken("Token", 6);
        stray(other, 5);
        rescue(address(other), stranger, 5);
        vm.assertEq(other.balanceOf(stranger), 5);
    }

    function test_RevertWhen_RescuedByASecondEntrance() external {
        use(deployToken("DoubleToken"));
        buyFor("");
        stray(token, 5);
        address entrance = token.entrance();
        expectShrank(address(token), DEAR + 5, DEAR - 1);
        rescue(entrance, stranger, 6);
        // What strayed goes by the address under which the market owes.
        expectShrank(address(token), DEAR + 5, DEAR);
        rescue(entrance, stranger, 5);
        rescue(address(token), stranger, 5);
        vm.assertEq(token.balanceOf(stranger), 5);
        // Neither does it when it is on the list itself.
        vm.prank(owner);
        market.setTokenAllowed(entrance, true);
        expectShrank(address(token), DEAR, DEAR - 1);
        rescue(entrance, stranger, 1);
    }

    function test_RevertWhen_BothEntrancesAreOwed() external {
        address entrance = oweByBothEntrances();
        // Each address has twice what is owed under it, and not one unit of that is beside what is owed.
        expectShrank(entrance, 2 * uint256(DEAR), DEAR);
        rescue(address(token), owner, DEAR);
        expectShrank(address(token), 2 * uint256(DEAR), DEAR);
        rescue(entrance, owner, DEAR);
        expectShrank(entrance, 2 * uint256(DEAR), 2 * uint256(DEAR) - 1);
        rescue(address(token), owner, 1);
        vm.prank(payee);
        market.withdraw(entrance, payee);
        vm.prank(payee);
        market.withdraw(address(token), payee);
        vm.assertEq(token.balanceOf(payee), 2 * uint256(DEAR));
    }

    function test_RescuesOnceOneEntranceIsPaidOut() external {
        address entrance = oweByBothEntrances();
        stray(token, 5);
        expectShrank(entrance, 2 * uint256(DEAR) + 5, 2 * uint256(DEAR));
        rescue(address(token), stranger, 5);
        vm.prank(payee);
        market.withdraw(entrance, payee);
        rescue(address(token), stranger, 5);
        vm.assertEq(token.balanceOf(stranger), 5);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RescuesByAnEntranceWhenNothingIsOwed() external {
        // Something is owed, but not in it.
        buyFor("");
        IToken double = deployToken("DoubleToken");
        allow(double);
        address entrance = double.entrance();
        stray(double, 5);
        rescue(entrance, stranger, 2);
        vm.prank(owner);
        market.setTokenAllowed(entrance, true);
        rescue(entrance, stranger, 3);
        vm.assertEq(double.balanceOf(stranger), 5);
    }

    function test_RescuesWhenAnotherTokenGrows() external {
        buyFor("");
        IToken other = deployToken("HookToken");
        stray(other, 5);
        other.hook(address(token), abi.encodeCall(IToken.mint, (address(market), 3)));
        rescue(address(other), stranger, 5);
        vm.assertTrue(other.succeeded());
        vm.assertEq(token.balanceOf(address(market)), DEAR + 3);
    }

    function test_RevertWhen_RescueTakesOfTheFirstToken() external {
        // On a market of its own, whose list begins with it, and goes on.
        market = deploy();
        course = list(lister, payee, prices(PRICE));
        use(deployToken("DoubleToken"));
        allow(deployToken("Token", 6));
        buyFor("");
        address entrance = token.entrance();
        expectShrank(address(token), DEAR, DEAR - 1);
        rescue(entrance, stranger, 1);
    }

    function test_RevertWhen_RescuedIsTheCoin() external {
        buy(course, 0, PRICE);
        address coin = address(deployToken("CoinToken"));
        expectShrank(address(0), PRICE, PRICE - 1);
        rescue(coin, stranger, 1);
    }

    function test_RescueIsNoWayToAPass() external {
        // The market answers `balanceOf`, too, and an account like any other can be given a pass in it.
        vm.prank(buyer);
        market.purchase{value: PRICE}(ORDER, course, 0, address(market));
        expectNotPaid(stranger, 1);
        rescue(address(market), stranger, 1);
        vm.assertTrue(market.hasPass(address(market), course, 0));
    }

    // ------------------------------------------------------------------------------------------- re-entry

    function test_RevertWhen_HookBuysAgain() external {
        use(deployToken("HookToken"));
        ICourseMarket.Order memory nested = order;
        nested.beneficiary = stranger;
        hookIsRefused(abi.encodeCall(ICourseMarket.purchaseForTokens, (nested, "")));
    }

    function test_RevertWhen_HookWithdraws() external {
        use(deployToken("HookToken"));
        hookIsRefused(abi.encodeCall(IMarketTreasury.withdraw, (address(token), stranger)));
    }

    function test_RevertWhen_HookFetchesFees() external {
        use(deployToken("HookToken"));
        hookIsRefused(
            abi.encodeCall(IMarketTreasury.withdrawFees, (address(token), new address[](0), address(token)))
        );
    }

    function test_RevertWhen_HookRefunds() external {
        use(deployToken("HookToken"));
        hookIsRefused(abi.encodeCall(ICourseMarket.refund, (boughtBy(course, 0, DEAR, 0))));
    }

    function test_RevertWhen_HookBuysByPermitOrAuthorization() external {
        use(deployToken("HookToken"));
        (ICourseMarket.Permit memory permit, ICourseMarket.Authorization memory authorization) = signed();
        order.beneficiary = stranger;
        hookIsRefused(abi.encodeCall(ICourseMarket.purchaseWithPermit, (order, "", permit)));
        order.beneficiary = owner;
        hookIsRefused(abi.encodeCall(ICourseMarket.purchaseWithAuthorization, (order, "", authorization)));
    }

    function test_RevertWhen_HookRescues() external {
        use(deployToken("HookToken"));
        stray(token, 5);
        own(address(token));
        bytes memory attack = abi.encodeCall(IMarketTreasury.rescueERC20, (address(token), stranger, 1));
        token.hook(address(market), attack);
        buyFor("");
        assertRefused();
        vm.assertEq(token.balanceOf(address(market)), DEAR + 5);

        token.hook(address(market), attack);
        vm.prank(payee);
        market.withdraw(address(token), payee);
        assertRefused();
        vm.assertEq(token.balanceOf(address(market)), 5);
    }

    function test_RevertWhen_HookBuysOrRescuesInARescue() external {
        use(deployToken("HookToken"));
        stray(token, 5);
        ICourseMarket.Order memory nested = order;
        nested.beneficiary = stranger;
        token.hook(address(market), abi.encodeCall(ICourseMarket.purchaseForTokens, (nested, "")));
        rescue(address(token), stranger, 1);
        assertRefused();

        own(address(token));
        token.hook(
            address(market), abi.encodeCall(IMarketTreasury.rescueERC20, (address(token), stranger, 4))
        );
        vm.prank(address(token));
        market.rescueERC20(address(token), stranger, 4);
        assertRefused();
        vm.assertEq(token.balanceOf(stranger), 5);
    }

    /// @dev The market owes as much under either address of one token, and has both sums.
    function oweByBothEntrances() private returns (address entrance) {
        use(deployToken("DoubleToken"));
        buyFor("");
        entrance = token.entrance();
        vm.prank(owner);
        market.setTokenAllowed(entrance, true);
        (order.token, order.beneficiary) = (entrance, stranger);
        buyFor(quote(order));
        vm.assertEq(market.payoutOf(payee, entrance), payout());
        vm.assertEq(token.balanceOf(address(market)), 2 * uint256(DEAR));
    }

    /// @dev Makes an account the owner of the market.
    function own(address who) private {
        vm.prank(owner);
        market.transferOwnership(who);
        vm.prank(who);
        market.acceptOwnership();
    }

    /// @dev The hook was turned away, for coming in the middle of something.
    function assertRefused() private view {
        vm.assertFalse(token.succeeded());
        vm.assertEq(
            keccak256(token.answer()),
            keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector))
        );
    }

    /// @dev The hook runs while the market takes tokens, and is turned away; the purchase goes on.
    function hookIsRefused(bytes memory attack) private {
        ICourseMarket.Order memory good = orderFor(course, 0, address(token), DEAR);
        good.beneficiary = address(uint160(uint256(keccak256(attack))));
        token.hook(address(market), attack);
        vm.prank(buyer);
        market.purchaseForTokens(good, "");
        assertRefused();
        vm.assertEq(payout(), token.balanceOf(address(market)));
    }

    function expectWrongAmount(uint256 received) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketTreasury.CourseMarket_WrongTokenAmount.selector, address(token), DEAR, received
            )
        );
        buyFor("");
    }

    function expectNotSent(address to) private {
        vm.prank(payee);
        expectNotPaid(to, DEAR);
        market.withdraw(address(token), to);
    }
}
