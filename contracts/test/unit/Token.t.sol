// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketControl} from "../../src/interfaces/IMarketControl.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract TokenTest is MarketTest {
    uint256 private constant PAYER_KEY = 0xa11ce;

    /// @dev Where the market keeps its tokens, and after it their count; the two tests that use it would fail
    /// at another place.
    uint256 private constant TOKENS_SLOT = 8;

    IToken private token;
    ICourseMarket.Order private order;

    function setUp() public override {
        super.setUp();
        use(deployToken("Token", 6));
    }

    // -------------------------------------------------------------------------------------- by allowance

    function test_SellsForTokens() external {
        uint256 before = token.balanceOf(buyer);
        buyFor("");
        vm.assertEq(token.balanceOf(buyer), before - DEAR);
        assertSold();
    }

    function test_EmitsTheTokenPurchase() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.CoursePurchased(ORDER, learner, course, 0, address(token), DEAR);
        vm.expectEmit(address(market));
        emit IERC721.Transfer(address(0), learner, passId(learner, course, 0));
        buyFor("");
    }

    function test_SellsForQuotedTokens() external {
        order.amount = 7;
        buyFor(quote(order));
        vm.assertEq(payout(), 7);
    }

    function test_SellsForQuotedTokensWithoutAPrice() external {
        vm.prank(lister);
        market.setTier(course, 1, 0, true);
        order.tier = 1;
        buyFor(quote(order));
        vm.assertTrue(market.hasPass(learner, course, 1));
    }

    function test_HoldsTokens() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        vm.expectEmit(address(market));
        emit ICourseMarket.PurchaseHeld(ORDER, payee, buyer, 0, windowEnd(WINDOW));
        buyFor(quote(order));
        vm.assertEq(payout(), 0);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(payout(), DEAR);
    }

    function test_SellsForTokensOfAnyDecimals() external {
        use(deployToken("Token", 18));
        buyFor("");
        assertSold();
        vm.assertEq(payoutOf(payee), 0);
    }

    function test_WithdrawsTokens() external {
        buyFor("");
        vm.expectEmit(address(market));
        emit IMarketTreasury.PayoutWithdrawn(payee, stranger, address(token), DEAR);
        vm.prank(payee);
        vm.assertEq(market.withdraw(address(token), stranger), DEAR);
        vm.assertEq(token.balanceOf(stranger), DEAR);
        vm.assertEq(payout(), 0);
        order.beneficiary = stranger;
        buyFor("");
        assertSold();
    }

    function test_RevertWhen_TokenBoughtWhilePaused() external {
        pause();
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
        buyFor("");
        (ICourseMarket.Permit memory permit, ICourseMarket.Authorization memory authorization) = signed();
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
        market.purchaseWithPermit(order, "", permit);
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
        market.purchaseWithAuthorization(order, "", authorization);
    }

    function test_RevertWhen_TokenPriceDiffers() external {
        order.amount = DEAR - 1;
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_WrongPrice.selector, DEAR, DEAR - 1)
        );
        buyFor("");
    }

    function test_RevertWhen_TierHasNoTokenPrice() external {
        order.tier = 2;
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 2));
        buyFor("");
    }

    function test_RevertWhen_PricedTierIsOffSale() external {
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 0));
        buyFor("");
    }

    function test_RevertWhen_TokenOrderExpired() external {
        vm.warp(order.deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_OrderExpired.selector, order.deadline)
        );
        buyFor("");
    }

    function test_RevertWhen_TokenQuoteIsWrong() external {
        bytes memory signature = quote(order);
        order.amount -= 1;
        expectError(ICourseMarket.CourseMarket_QuoteInvalid.selector);
        buyFor(signature);
    }

    function test_RevertWhen_TokenIsNotAllowed() external {
        vm.prank(owner);
        market.setTokenAllowed(address(token), false);
        expectNotAllowed(address(token));
        buyFor("");
        bytes memory signature = quote(order);
        expectNotAllowed(address(token));
        buyFor(signature);
        order.token = address(0);
        signature = quote(order);
        expectNotAllowed(address(0));
        buyFor(signature);
    }

    function test_RevertWhen_AllowanceIsShort() external {
        vm.prank(buyer);
        token.approve(address(market), DEAR - 1);
        vm.expectRevert();
        buyFor("");
        vm.assertFalse(market.hasPass(learner, course, 0));
    }

    function test_RevertWhen_TokenBuyerOwnsThePass() external {
        buy(course, 0, PRICE);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AlreadyOwned.selector, learner, course, 0)
        );
        buyFor("");
    }

    // ----------------------------------------------------------------------------------------- by permit

    function test_SellsByPermit() external {
        (ICourseMarket.Permit memory permit,) = signed();
        vm.prank(vm.addr(PAYER_KEY));
        market.purchaseWithPermit(order, "", permit);
        assertSold();
    }

    function test_SellsByAPermitThatSomeoneSubmittedBefore() external {
        (ICourseMarket.Permit memory permit,) = signed();
        address payer = vm.addr(PAYER_KEY);
        token.permit(payer, address(market), DEAR, permit.deadline, permit.v, permit.r, permit.s);
        vm.prank(payer);
        market.purchaseWithPermit(order, "", permit);
        assertSold();
    }

    function test_SellsByPermitForATokenWithout() external {
        use(deployToken("SilentToken"));
        ICourseMarket.Permit memory none;
        vm.prank(buyer);
        market.purchaseWithPermit(order, "", none);
        assertSold();
    }

    function test_RevertWhen_AnotherUsesThePermit() external {
        (ICourseMarket.Permit memory permit,) = signed();
        order.beneficiary = stranger;
        vm.prank(stranger);
        vm.expectRevert();
        market.purchaseWithPermit(order, "", permit);
    }

    function test_RevertWhen_PermitIsBroken() external {
        (ICourseMarket.Permit memory permit,) = signed();
        permit.s = 0;
        vm.prank(vm.addr(PAYER_KEY));
        vm.expectRevert();
        market.purchaseWithPermit(order, "", permit);
    }

    // ---------------------------------------------------------------------------------- by authorization

    function test_SellsByAuthorization() external {
        (, ICourseMarket.Authorization memory authorization) = signed();
        vm.prank(stranger);
        market.purchaseWithAuthorization(order, "", authorization);
        assertSold();
    }

    function test_RemembersWhoAuthorized() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        bytes memory signature = quote(order);
        (, ICourseMarket.Authorization memory authorization) = signed();
        vm.expectEmit(address(market));
        emit ICourseMarket.PurchaseHeld(ORDER, payee, vm.addr(PAYER_KEY), 0, windowEnd(WINDOW));
        vm.prank(stranger);
        market.purchaseWithAuthorization(order, signature, authorization);
    }

    function test_RevertWhen_AuthorizationIsRedirected() external {
        (, ICourseMarket.Authorization memory authorization) = signed();
        order.beneficiary = stranger;
        expectUnauthorized(authorization);
        (order.beneficiary, order.orderId) = (learner, keccak256("another"));
        expectUnauthorized(authorization);
        order.orderId = ORDER;
        vm.prank(lister);
        market.setTokenPrice(course, 2, address(token), DEAR);
        order.tier = 2;
        expectUnauthorized(authorization);
        (order.tier, order.deadline) = (0, order.deadline + 1);
        expectUnauthorized(authorization);
        order.deadline -= 1;
        authorization.from = buyer;
        expectUnauthorized(authorization);
    }

    function test_RevertWhen_AuthorizationIsUsedTwice() external {
        (, ICourseMarket.Authorization memory authorization) = signed();
        market.purchaseWithAuthorization(order, "", authorization);
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AlreadyOwned.selector, learner, course, 0)
        );
        market.purchaseWithAuthorization(order, "", authorization);
    }

    function test_RevertWhen_TokenKnowsNoAuthorization() external {
        use(deployToken("SilentToken"));
        ICourseMarket.Authorization memory authorization;
        authorization.from = buyer;
        vm.expectRevert();
        market.purchaseWithAuthorization(order, "", authorization);
    }

    // -------------------------------------------------------------------------------------- odd tokens

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

    function test_RevertWhen_TokenTakesAFee() external {
        use(deployToken("FeeToken"));
        expectWrongAmount(DEAR - DEAR / 100);
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

    // ------------------------------------------------------------------------------------------ re-entry

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

    // ----------------------------------------------------------------------------------------- the list

    function test_RevertWhen_ListedByAnother() external {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        market.setTokenAllowed(address(token), false);
    }

    function test_RevertWhen_ListedWithoutCode() external {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_NotAToken.selector, address(0)));
        market.setTokenAllowed(address(0), true);
    }

    function test_EmitsTheTokensState() external {
        vm.assertTrue(market.isTokenAllowed(address(token)));
        vm.expectEmit(address(market));
        emit IMarketTreasury.TokenAllowed(address(token), false);
        vm.prank(owner);
        market.setTokenAllowed(address(token), false);
        vm.assertFalse(market.isTokenAllowed(address(token)));
    }

    function test_KeepsPricesAndBalancesOfATokenThatComesBack() external {
        buyFor("");
        vm.prank(owner);
        market.setTokenAllowed(address(token), false);
        vm.prank(owner);
        market.setTokenAllowed(address(token), true);
        vm.assertEq(payout(), DEAR);
        order.beneficiary = stranger;
        buyFor("");
        vm.assertEq(payout(), 2 * uint256(DEAR));
    }

    function test_RevertWhen_TokensRunOut() external {
        // 2^16 tokens and a day of gas; a storage slot stands for them.
        bytes32 slot = bytes32(TOKENS_SLOT + 1);
        vm.store(address(market), slot, bytes32(uint256(type(uint16).max)));
        address another = address(deployToken("Token", 6));
        vm.prank(owner);
        expectError(IMarketTreasury.CourseMarket_TooManyTokens.selector);
        market.setTokenAllowed(another, true);
    }

    function test_RevertWhen_UnknownTokenWithdrawn() external {
        expectNotAllowed(stranger);
        market.withdraw(stranger, stranger);
        expectNotAllowed(stranger);
        market.payoutOf(payee, stranger);
    }

    // -------------------------------------------------------------------------------------------- helpers

    /// @dev Puts a token on the list and on the first tier.
    function use(IToken token_) private {
        token = token_;
        allow(token);
        token.mint(vm.addr(PAYER_KEY), 1e30);
        vm.prank(lister);
        market.setTokenPrice(course, 0, address(token), DEAR);
        order = orderFor(course, 0, address(token), DEAR);
    }

    function buyFor(bytes memory signature) private {
        vm.prank(buyer);
        market.purchaseForTokens(order, signature);
    }

    function signed()
        private
        view
        returns (ICourseMarket.Permit memory permit, ICourseMarket.Authorization memory authorization)
    {
        permit = permitBy(PAYER_KEY, token, order.amount);
        authorization = authorizationBy(PAYER_KEY, token, order);
    }

    function payout() private view returns (uint256) {
        return market.payoutOf(payee, address(token));
    }

    function assertSold() private view {
        vm.assertTrue(market.hasPass(order.beneficiary, course, 0));
        vm.assertTrue(payout() % DEAR == 0 && payout() != 0);
    }

    /// @dev The hook runs while the market takes tokens, and is turned away; the purchase goes on.
    function hookIsRefused(bytes memory attack) private {
        ICourseMarket.Order memory good = orderFor(course, 0, address(token), DEAR);
        good.beneficiary = address(uint160(uint256(keccak256(attack))));
        token.hook(address(market), attack);
        vm.prank(buyer);
        market.purchaseForTokens(good, "");
        vm.assertFalse(token.succeeded());
        vm.assertEq(
            keccak256(token.answer()),
            keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector))
        );
        vm.assertEq(payout(), token.balanceOf(address(market)));
    }

    function expectUnauthorized(ICourseMarket.Authorization memory authorization) private {
        vm.expectRevert(bytes("invalid signature"));
        market.purchaseWithAuthorization(order, "", authorization);
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
        vm.expectRevert(
            abi.encodeWithSelector(IMarketTreasury.CourseMarket_TransferFailed.selector, to, DEAR)
        );
        market.withdraw(address(token), to);
    }

    function expectNotAllowed(address which) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenNotAllowed.selector, which));
    }
}
