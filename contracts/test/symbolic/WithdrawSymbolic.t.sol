// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {AnyToken} from "./AnyToken.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Payouts of any sums.
contract WithdrawSymbolicTest is SymbolicTest {
    address private constant TO = address(0xbeef);

    /// @notice Whoever withdraws gets what is theirs, once, and leaves the fee and everyone else's.
    function check_WithdrawPaysWhatIsOwed(address who, address other) external {
        vm.assume(who != other && who != address(0));
        fill(who, COIN_CURRENCY);
        fill(other, COIN_CURRENCY);
        fillHeld(other, COIN_CURRENCY);
        vm.deal(address(market), type(uint128).max);
        Books memory before = booksOf(who, COIN);
        Books memory others = booksOf(other, COIN);

        vm.assume(withdraw(who, COIN));
        vm.assertTrue(before.net != 0);
        vm.assertEq(TO.balance, before.net);
        vm.assertEq(address(market).balance, type(uint128).max - before.net);
        Books memory now_ = booksOf(who, COIN);
        vm.assertEq(now_.net, 0);
        vm.assertEq(now_.fee, before.fee);
        assertSame(others, booksOf(other, COIN));
        vm.assertFalse(withdraw(who, COIN));
    }

    /// @notice What was held is paid when its day has come, not before; fees stay.
    function check_WithdrawPaysWhatHasMatured(bool old) external {
        // Looked through three days ago; since then something matured, or not: the day may be 64 back.
        store(WAITING, COIN_CURRENCY, 0, TODAY - 3);
        uint256 back = old ? 64 : 0;
        store(WAITING, COIN_CURRENCY, 1 + (TODAY - 1) % 64, TODAY - 1 - back);
        store(WAITING, COIN_CURRENCY, 1 + TODAY % 64, TODAY - back);
        store(WAITING, COIN_CURRENCY, 1 + (TODAY + 1) % 64, TODAY + 1);
        vm.deal(address(market), type(uint128).max);
        Books memory before = booksOf(WAITING, COIN);

        vm.assume(withdraw(WAITING, COIN));
        vm.assertEq(TO.balance, before.net);
        Books memory now_ = booksOf(WAITING, COIN);
        vm.assertEq(now_.net, 0);
        vm.assertEq(now_.fee, before.fee);
        vm.assertTrue(now_.heldNet == before.heldNet && now_.heldFee == before.heldFee);
        vm.assertFalse(withdraw(WAITING, COIN));
    }

    /// @notice Tokens are paid as coins are, and the market knows that it owes so much less.
    function check_WithdrawPaysTokens(address who, uint256 spare) external {
        vm.assume(who != address(0) && spare < 2 ** 100);
        fill(who, TOKEN_CURRENCY);
        Books memory before = booksOf(who, address(token));
        setOwed(total(before));
        token.mint(address(market), total(before) + spare);

        vm.assume(withdraw(who, address(token)));
        vm.assertEq(token.balanceOf(TO), before.net);
        vm.assertEq(token.balanceOf(address(market)), before.fee + spare);
        vm.assertEq(owed(), before.fee);
        Books memory now_ = booksOf(who, address(token));
        vm.assertEq(now_.net, 0);
        vm.assertEq(now_.fee, before.fee);
        vm.assertFalse(withdraw(who, address(token)));
    }

    /// @notice The fee payee alone gets the fees of the payees named, each once, and nothing of theirs.
    function check_WithdrawFeesPaysFees(address caller, address first, address second) external {
        fill(first, COIN_CURRENCY);
        if (second != first) fill(second, COIN_CURRENCY);
        vm.deal(address(market), type(uint128).max);
        Books memory one = booksOf(first, COIN);
        Books memory two = booksOf(second, COIN);
        address[] memory payees = new address[](2);
        (payees[0], payees[1]) = (first, second);

        vm.assume(try_(caller, 0, abi.encodeCall(IMarketTreasury.withdrawFees, (COIN, payees, TO))));
        vm.assertEq(caller, FEE_PAYEE);
        vm.assertEq(TO.balance, first == second ? one.fee : one.fee + two.fee);
        vm.assertEq(address(market).balance, type(uint128).max - TO.balance);
        Books memory now_ = booksOf(first, COIN);
        vm.assertTrue(now_.net == one.net && now_.fee == 0);
        now_ = booksOf(second, COIN);
        vm.assertTrue(now_.net == two.net && now_.fee == 0);
    }

    /// @notice Fees in tokens are paid as those in coins are, and the market knows that it owes so much less.
    function check_WithdrawFeesPaysTokens(address caller, address first, address second, uint256 spare)
        external
    {
        vm.assume(spare < 2 ** 100);
        fill(first, TOKEN_CURRENCY);
        if (second != first) fill(second, TOKEN_CURRENCY);
        Books memory one = booksOf(first, address(token));
        Books memory two = booksOf(second, address(token));
        uint256 owed_ = first == second ? total(one) : total(one) + total(two);
        setOwed(owed_);
        token.mint(address(market), owed_ + spare);
        address[] memory payees = new address[](2);
        (payees[0], payees[1]) = (first, second);

        vm.assume(try_(caller, 0, abi.encodeCall(IMarketTreasury.withdrawFees, (address(token), payees, TO))));
        vm.assertEq(caller, FEE_PAYEE);
        uint256 paid = first == second ? one.fee : one.fee + two.fee;
        vm.assertTrue(paid != 0);
        vm.assertEq(token.balanceOf(TO), paid);
        vm.assertEq(token.balanceOf(address(market)), owed_ - paid + spare);
        vm.assertEq(owed(), owed_ - paid);
        Books memory now_ = booksOf(first, address(token));
        vm.assertTrue(now_.net == one.net && now_.fee == 0);
        now_ = booksOf(second, address(token));
        vm.assertTrue(now_.net == two.net && now_.fee == 0);
    }

    /// @notice Of a token that does anything, no more leaves than is paid out, be it earnings or fees.
    function check_WithdrawOfAnyTokenTakesNoMore(
        address who,
        bool fees,
        uint256 balance,
        uint256 moved,
        bool answer
    ) external {
        AnyToken any = AnyToken(create("AnyToken.sol/AnyToken.json", ""));
        vm.prank(OWNER);
        market.setTokenAllowed(address(any), true);
        fill(who, TOKEN_CURRENCY + 1);
        Books memory before = booksOf(who, address(any));
        setOwed(address(any), total(before));
        any.set(balance, moved, answer);
        address[] memory payees = new address[](1);
        payees[0] = who;

        if (fees) {
            vm.assume(
                try_(FEE_PAYEE, 0, abi.encodeCall(IMarketTreasury.withdrawFees, (address(any), payees, TO)))
            );
        } else {
            vm.assume(withdraw(who, address(any)));
        }
        uint256 paid = fees ? before.fee : before.net;
        vm.assertTrue(answer && paid != 0);
        vm.assertTrue(moved >= balance || balance - moved <= paid);
        vm.assertEq(owed(address(any)), total(before) - paid);
    }

    /// @notice Nobody is paid who refuses the coins: what they have stays theirs.
    function check_WithdrawPaysAllOrNothing(address who) external {
        vm.assume(who != address(0));
        fill(who, COIN_CURRENCY);
        vm.deal(address(market), type(uint128).max);
        vm.etch(TO, address(token).code);
        Books memory before = booksOf(who, COIN);
        vm.assertFalse(withdraw(who, COIN));
        assertSame(before, booksOf(who, COIN));
        vm.assertEq(TO.balance, 0);
    }

    function withdraw(address who, address currency) private returns (bool) {
        return try_(who, 0, abi.encodeCall(IMarketTreasury.withdraw, (currency, TO)));
    }
}
