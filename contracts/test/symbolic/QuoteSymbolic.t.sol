// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Purchases at a quoted price. A signature is any 65 bytes; what `ecrecover` answers for them is
/// anything, but the same each time.
contract QuoteSymbolicTest is SymbolicTest {
    /// @notice Who buys by quote has a quote, paid what it says, and in its time; payee and platform got it.
    function check_QuoteCreditsWhatWasPaid(ICourseMarket.Order memory order, address payer, uint256 value)
        external
    {
        order.courseId = course;
        uint256 fee = feeOf(value, setAnyFee());
        bytes memory quote = svm.createBytes(65, "quote");
        fill(PAYEE, COIN_CURRENCY);
        Money memory before = moneyIn(PAYEE, payer, value);
        purchase(order, quote, payer, value);

        vm.assertTrue(value == order.amount && value != 0 && value < 2 ** 96 && order.token == COIN);
        vm.assertTrue(order.deadline >= block.timestamp && order.deadline <= block.timestamp + 1 days);
        assertSigned(order, quote);
        assertPaid(before, PAYEE, payer, value);
        assertCredited(before.books, booksOf(PAYEE, COIN), value - fee, fee);
        vm.assertTrue(market.hasPass(order.beneficiary, course, order.tier));
    }

    /// @notice With a window, the same is held until the window ends.
    function check_QuoteHoldsWhatWasPaid(ICourseMarket.Order memory order, address payer, uint256 value)
        external
    {
        order.courseId = windowed;
        uint256 fee = feeOf(value, setAnyFee());
        bytes memory quote = svm.createBytes(65, "quote");
        fill(WAITING, COIN_CURRENCY);
        fillHeld(WAITING, COIN_CURRENCY);
        Money memory before = moneyIn(WAITING, payer, value);
        purchase(order, quote, payer, value);

        vm.assertTrue(value == order.amount && value != 0);
        assertSigned(order, quote);
        assertPaid(before, WAITING, payer, value);
        assertHeld(before.books, booksOf(WAITING, COIN), value - fee, fee);
        vm.assertTrue(market.hasPass(order.beneficiary, windowed, order.tier));
    }

    /// @notice A quote that was used, and refunded, is of no more use at any time.
    function check_QuoteIsSpentByARefund(ICourseMarket.Order memory order, uint256 refunded, uint256 later)
        external
    {
        order.courseId = windowed;
        bytes memory quote = svm.createBytes(65, "quote");
        address payer = address(0xbeef);
        vm.deal(payer, type(uint128).max);
        purchase(order, quote, payer, order.amount);

        vm.assume(refunded >= START && refunded < DUE * 1 days && later >= refunded && later < 2 ** 40);
        vm.warp(refunded);
        ICourseMarket.Purchase memory bought = ICourseMarket.Purchase({
            orderId: order.orderId,
            courseId: windowed,
            tier: order.tier,
            beneficiary: order.beneficiary,
            payer: payer,
            payee: WAITING,
            token: COIN,
            amount: order.amount,
            fee: 0,
            refundableUntil: DUE * 1 days
        });
        vm.prank(order.beneficiary);
        market.refund(bought);

        vm.warp(later);
        vm.assertFalse(
            try_(payer, order.amount, abi.encodeCall(ICourseMarket.purchaseQuoted, (order, quote)))
        );
    }

    /// @notice No quote is worth anything without a signer, nor while purchases are paused.
    function check_QuoteNeedsASigner(
        ICourseMarket.Order memory order,
        address payer,
        uint256 value,
        bool pause
    ) external {
        bytes memory quote = svm.createBytes(65, "quote");
        vm.prank(OWNER);
        if (pause) market.pause();
        else market.setQuoteSigner(address(0));
        vm.deal(payer, value);
        vm.assertFalse(try_(payer, value, abi.encodeCall(ICourseMarket.purchaseQuoted, (order, quote))));
    }

    function purchase(ICourseMarket.Order memory order, bytes memory quote, address payer, uint256 value)
        private
    {
        vm.assume(try_(payer, value, abi.encodeCall(ICourseMarket.purchaseQuoted, (order, quote))));
    }

    function assertSigned(ICourseMarket.Order memory order, bytes memory quote) private view {
        (bytes32 r, bytes32 s) = abi.decode(quote, (bytes32, bytes32));
        vm.assertEq(ecrecover(market.orderDigest(order), uint8(quote[64]), r, s), SIGNER);
    }
}
