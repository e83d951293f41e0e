// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Purchases with the chain's coin.
contract PurchaseSymbolicTest is SymbolicTest {
    /// @notice Who buys at the listed price paid it; payee and platform got it, no more.
    function check_PurchaseCreditsWhatWasPaid(
        bytes32 orderId,
        address payer,
        address beneficiary,
        uint256 value,
        uint96 price
    ) external {
        uint256 fee = feeOf(value, setAnyFee());
        setPrice(course, price);
        fill(PAYEE, COIN_CURRENCY);
        Money memory before = moneyIn(PAYEE, payer, value);
        purchase(payer, value, orderId, course, 0, beneficiary);

        vm.assertTrue(value == price && value != 0);
        assertPaid(before, PAYEE, payer, value);
        assertCredited(before.books, booksOf(PAYEE, COIN), value - fee, fee);
    }

    /// @notice With a window, the same is held until the window ends.
    function check_PurchaseHoldsWhatWasPaid(
        bytes32 orderId,
        address payer,
        address beneficiary,
        uint256 value,
        uint96 price
    ) external {
        uint256 fee = feeOf(value, setAnyFee());
        setPrice(windowed, price);
        fill(WAITING, COIN_CURRENCY);
        fillHeld(WAITING, COIN_CURRENCY);
        Money memory before = moneyIn(WAITING, payer, value);
        purchase(payer, value, orderId, windowed, 0, beneficiary);

        vm.assertTrue(value == price && value != 0);
        assertPaid(before, WAITING, payer, value);
        assertHeld(before.books, booksOf(WAITING, COIN), value - fee, fee);
    }

    /// @notice No purchase touches what anyone else has.
    function check_PurchaseLeavesOthersAlone(
        address payer,
        uint256 courseId,
        uint8 tier,
        address beneficiary,
        address other
    ) external {
        vm.assume(other != PAYEE && other != WAITING);
        fill(other, COIN_CURRENCY);
        fillHeld(other, COIN_CURRENCY);
        Books memory before = booksOf(other, COIN);
        vm.deal(payer, 1);
        purchase(payer, 1, "order", courseId, tier, beneficiary);
        assertSame(before, booksOf(other, COIN));
    }

    /// @notice A purchase gives the beneficiary the pass, and changes no other.
    function check_PurchaseGivesOnePass(
        address payer,
        uint256 courseId,
        uint8 tier,
        address beneficiary,
        address other,
        uint256 otherCourse,
        uint8 otherTier
    ) external {
        vm.assume(otherCourse != courseId || otherTier != tier || other != beneficiary);
        bool had = market.hasPass(beneficiary, courseId, tier);
        bool otherHad = market.hasPass(other, otherCourse, otherTier);
        vm.deal(payer, 1);
        purchase(payer, 1, "order", courseId, tier, beneficiary);
        vm.assertFalse(had);
        vm.assertTrue(market.hasPass(beneficiary, courseId, tier));
        vm.assertTrue(market.hasPass(other, otherCourse, otherTier) == otherHad);
    }

    /// @notice Nobody buys the same twice, whoever pays, whatever it costs.
    function check_PurchaseIsNotRepeated(address payer, address beneficiary, bool window, uint96 price)
        external
    {
        uint256 courseId = window ? windowed : course;
        vm.deal(payer, type(uint128).max);
        purchase(payer, 1, "order", courseId, 0, beneficiary);
        setPrice(courseId, price);
        vm.assertFalse(
            try_(payer, price, abi.encodeCall(ICourseMarket.purchase, ("again", courseId, 0, beneficiary)))
        );
    }

    /// @notice Nobody buys while purchases are paused.
    function check_PurchaseWaitsForAPause(
        address payer,
        uint256 value,
        bytes32 orderId,
        uint256 courseId,
        uint8 tier,
        address beneficiary
    ) external {
        vm.prank(OWNER);
        market.pause();
        vm.deal(payer, value);
        vm.assertFalse(
            try_(payer, value, abi.encodeCall(ICourseMarket.purchase, (orderId, courseId, tier, beneficiary)))
        );
    }

    function purchase(
        address payer,
        uint256 value,
        bytes32 orderId,
        uint256 courseId,
        uint8 tier,
        address beneficiary
    ) private {
        vm.assume(
            try_(payer, value, abi.encodeCall(ICourseMarket.purchase, (orderId, courseId, tier, beneficiary)))
        );
    }
}
