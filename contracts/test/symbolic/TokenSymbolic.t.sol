// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {AnyToken} from "./AnyToken.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Purchases with tokens: any balance, any allowance, any signature, anything in the books.
contract TokenSymbolicTest is SymbolicTest {
    /// @dev What a purchase with tokens starts from.
    struct Start {
        Books books;
        uint256 market;
        uint256 payer;
        bool had;
    }

    /// @notice Who buys for tokens paid the listed price; payee and platform got it, no more.
    function check_PurchaseForTokensCreditsWhatWasPaid(
        ICourseMarket.Order memory order,
        address payer,
        uint96 price
    ) external {
        uint256 fee = prepare(order, course, PAYEE, payer);
        vm.prank(LISTER);
        market.setTokenPrice(course, 0, address(token), price);
        Start memory before = start(order, PAYEE, payer);
        buy(payer, abi.encodeCall(ICourseMarket.purchaseForTokens, (order, "")));
        vm.assertTrue(order.amount == price && price != 0 && order.deadline >= block.timestamp);
        assertSold(before, order, PAYEE, payer);
        assertCredited(before.books, booksOf(PAYEE, address(token)), order.amount - fee, fee);
    }

    /// @notice With a window, the same is held until the window ends.
    function check_PurchaseForTokensHoldsWhatWasPaid(ICourseMarket.Order memory order, address payer)
        external
    {
        uint256 fee = prepare(order, windowed, WAITING, payer);
        fillHeld(WAITING, TOKEN_CURRENCY);
        Start memory before = start(order, WAITING, payer);
        buy(payer, abi.encodeCall(ICourseMarket.purchaseForTokens, (order, "")));
        assertSold(before, order, WAITING, payer);
        assertHeld(before.books, booksOf(WAITING, address(token)), order.amount - fee, fee);
    }

    /// @notice At another price only with the signer's quote, which holds a day at most.
    function check_PurchaseForTokensTakesAQuote(ICourseMarket.Order memory order, address payer) external {
        uint256 fee = prepare(order, course, PAYEE, payer);
        bytes memory quote = svm.createBytes(65, "quote");
        Start memory before = start(order, PAYEE, payer);
        buy(payer, abi.encodeCall(ICourseMarket.purchaseForTokens, (order, quote)));
        (bytes32 r, bytes32 s) = abi.decode(quote, (bytes32, bytes32));
        vm.assertEq(ecrecover(market.orderDigest(order), uint8(quote[64]), r, s), SIGNER);
        vm.assertTrue(order.deadline >= block.timestamp && order.deadline <= block.timestamp + 1 days);
        assertSold(before, order, PAYEE, payer);
        assertCredited(before.books, booksOf(PAYEE, address(token)), order.amount - fee, fee);
    }

    /// @notice By permit: the caller pays, whatever the permit is.
    function check_PurchaseWithPermitCreditsWhatWasPaid(
        ICourseMarket.Order memory order,
        ICourseMarket.Permit memory permit,
        address payer
    ) external {
        uint256 fee = prepare(order, course, PAYEE, payer);
        Start memory before = start(order, PAYEE, payer);
        buy(payer, abi.encodeCall(ICourseMarket.purchaseWithPermit, (order, "", permit)));
        assertSold(before, order, PAYEE, payer);
        assertCredited(before.books, booksOf(PAYEE, address(token)), order.amount - fee, fee);
    }

    /// @notice With a window, the same is held until the window ends.
    function check_PurchaseWithPermitHoldsWhatWasPaid(
        ICourseMarket.Order memory order,
        ICourseMarket.Permit memory permit,
        address payer
    ) external {
        uint256 fee = prepare(order, windowed, WAITING, payer);
        fillHeld(WAITING, TOKEN_CURRENCY);
        Start memory before = start(order, WAITING, payer);
        buy(payer, abi.encodeCall(ICourseMarket.purchaseWithPermit, (order, "", permit)));
        assertSold(before, order, WAITING, payer);
        assertHeld(before.books, booksOf(WAITING, address(token)), order.amount - fee, fee);
    }

    /// @notice By authorization: who signed for this order pays, whoever submits it.
    function check_PurchaseWithAuthorizationCreditsWhatWasPaid(
        ICourseMarket.Order memory order,
        ICourseMarket.Authorization memory authorization,
        address caller
    ) external {
        address payer = authorization.from;
        uint256 fee = prepare(order, course, PAYEE, payer);
        bytes32 digest = market.orderDigest(order);
        bool used = token.authorizationState(payer, digest);
        Start memory before = start(order, PAYEE, payer);
        buy(caller, abi.encodeCall(ICourseMarket.purchaseWithAuthorization, (order, "", authorization)));
        vm.assertTrue(!used && token.authorizationState(payer, digest));
        assertSold(before, order, PAYEE, payer);
        assertCredited(before.books, booksOf(PAYEE, address(token)), order.amount - fee, fee);
    }

    /// @notice With a window, the same is held until the window ends.
    function check_PurchaseWithAuthorizationHoldsWhatWasPaid(
        ICourseMarket.Order memory order,
        ICourseMarket.Authorization memory authorization,
        address caller
    ) external {
        address payer = authorization.from;
        uint256 fee = prepare(order, windowed, WAITING, payer);
        fillHeld(WAITING, TOKEN_CURRENCY);
        bytes32 digest = market.orderDigest(order);
        bool used = token.authorizationState(payer, digest);
        Start memory before = start(order, WAITING, payer);
        buy(caller, abi.encodeCall(ICourseMarket.purchaseWithAuthorization, (order, "", authorization)));
        vm.assertTrue(!used && token.authorizationState(payer, digest));
        assertSold(before, order, WAITING, payer);
        assertHeld(before.books, booksOf(WAITING, address(token)), order.amount - fee, fee);
    }

    /// @notice Of a token that does anything, what came in is the price to the unit, and covers what is owed.
    function check_AnyTokenBringsThePrice(
        ICourseMarket.Order memory order,
        ICourseMarket.Permit memory permit,
        ICourseMarket.Authorization memory authorization,
        uint8 way,
        uint256 balance,
        uint256 moved,
        bool answer
    ) external {
        AnyToken any = AnyToken(create("AnyToken.sol/AnyToken.json", ""));
        vm.prank(OWNER);
        market.setTokenAllowed(address(any), true);
        vm.prank(LISTER);
        market.setTokenPrice(course, 0, address(any), 1000);
        any.set(balance, moved, answer);
        (order.courseId, order.token) = (course, address(any));
        bytes memory call =
            abi.encodeCall(ICourseMarket.purchaseWithAuthorization, (order, "", authorization));
        if (way == 0) call = abi.encodeCall(ICourseMarket.purchaseForTokens, (order, ""));
        if (way == 1) call = abi.encodeCall(ICourseMarket.purchaseWithPermit, (order, "", permit));
        buy(address(0xbeef), call);
        vm.assertTrue(answer || way > 1);
        vm.assertTrue(moved >= balance && moved - balance == 1000);
        Books memory books = booksOf(PAYEE, address(any));
        vm.assertEq(total(books), 1000);
    }

    /// @notice Nothing is sold for tokens while purchases are paused, nor for a token off the list.
    function check_TokensWait(
        ICourseMarket.Order memory order,
        ICourseMarket.Permit memory permit,
        ICourseMarket.Authorization memory authorization,
        uint8 way,
        address caller,
        bool pause
    ) external {
        prepare(order, course, PAYEE, caller);
        vm.prank(OWNER);
        if (pause) market.pause();
        else market.setTokenAllowed(address(token), false);
        bytes memory call =
            abi.encodeCall(ICourseMarket.purchaseWithAuthorization, (order, "", authorization));
        if (way == 0) call = abi.encodeCall(ICourseMarket.purchaseForTokens, (order, ""));
        if (way == 1) call = abi.encodeCall(ICourseMarket.purchaseWithPermit, (order, "", permit));
        vm.assertFalse(try_(caller, 0, call));
    }

    // -------------------------------------------------------------------------------------------- helpers

    /// @dev An order of a course's first tier for the token; the payer has any sum and allows any.
    function prepare(ICourseMarket.Order memory order, uint256 courseId, address payee, address payer)
        private
        returns (uint256 fee)
    {
        vm.assume(payer != address(market) && payer != address(0));
        (order.courseId, order.tier, order.token) = (courseId, 0, address(token));
        fee = feeOf(order.amount, setAnyFee());
        fill(payee, TOKEN_CURRENCY);
        setOwed(svm.createUint(115, "owed"));
        token.mint(address(market), svm.createUint(116, "ofMarket"));
        token.mint(payer, svm.createUint(128, "ofPayer"));
        uint256 allowance = svm.createUint(256, "allowance");
        vm.prank(payer);
        token.approve(address(market), allowance);
    }

    function start(ICourseMarket.Order memory order, address payee, address payer)
        private
        view
        returns (Start memory)
    {
        return Start(
            booksOf(payee, address(token)),
            token.balanceOf(address(market)),
            token.balanceOf(payer),
            market.hasPass(order.beneficiary, order.courseId, 0)
        );
    }

    function buy(address caller, bytes memory call) private {
        vm.assume(try_(caller, 0, call));
    }

    function assertSold(Start memory before, ICourseMarket.Order memory order, address payee, address payer)
        private
        view
    {
        vm.assertEq(token.balanceOf(address(market)), before.market + order.amount);
        vm.assertEq(token.balanceOf(payer), before.payer - order.amount);
        vm.assertEq(total(booksOf(payee, address(token))), total(before.books) + order.amount);
        vm.assertTrue(!before.had && market.hasPass(order.beneficiary, order.courseId, 0));
    }
}
