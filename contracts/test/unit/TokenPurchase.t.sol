// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketControl} from "../../src/interfaces/IMarketControl.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {TokenMarketTest} from "../utils/TokenMarketTest.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

contract TokenPurchaseTest is TokenMarketTest {
    // --------------------------------------------------------------------------------------- by allowance

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
        // The token is called last.
        vm.expectEmit(address(token));
        emit IERC20.Transfer(buyer, address(market), DEAR);
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

    // ------------------------------------------------------------------------------------------ by permit

    function test_SellsByPermit() external {
        (ICourseMarket.Permit memory permit,) = signed();
        vm.prank(vm.addr(PAYER_KEY));
        market.purchaseWithPermit(order, "", permit);
        assertSold();
    }

    function test_RemembersWhoPermitted() external {
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        bytes memory signature = quote(order);
        (ICourseMarket.Permit memory permit,) = signed();
        address payer = vm.addr(PAYER_KEY);
        vm.expectEmit(address(market));
        emit ICourseMarket.PurchaseHeld(ORDER, payee, payer, 0, windowEnd(WINDOW));
        vm.prank(payer);
        market.purchaseWithPermit(order, signature, permit);
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

    // ----------------------------------------------------------------------------------- by authorization

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

    function expectUnauthorized(ICourseMarket.Authorization memory authorization) private {
        vm.expectRevert(bytes("invalid signature"));
        market.purchaseWithAuthorization(order, "", authorization);
    }
}
