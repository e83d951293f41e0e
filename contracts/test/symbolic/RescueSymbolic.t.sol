// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {AnyToken} from "./AnyToken.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Rescues of any sums, beside anything in the books.
contract RescueSymbolicTest is SymbolicTest {
    /// @notice The owner alone sends back what is there beside what is owed, to the unit.
    function check_RescueTakesTheSurplusOnly(address caller, address to, uint256 amount, bool allowed)
        external
    {
        uint256 owed_ = prepare(allowed);
        uint256 balance = token.balanceOf(address(market));
        uint256 others = token.balanceOf(to);
        vm.assume(rescue(caller, address(token), to, amount));

        vm.assertEq(caller, OWNER);
        vm.assertTrue(amount != 0 && balance >= owed_ && amount <= balance - owed_);
        vm.assertTrue(to != address(0) && to != address(market));
        vm.assertEq(token.balanceOf(address(market)), balance - amount);
        vm.assertEq(token.balanceOf(to), others + amount);
        vm.assertEq(owed(), owed_);
    }

    /// @notice Nobody's books change.
    function check_RescueLeavesTheBooksAlone(address to, uint256 amount, address who) external {
        fill(who, TOKEN_CURRENCY);
        fillHeld(who, TOKEN_CURRENCY);
        prepare(true);
        Books memory before = booksOf(who, address(token));
        vm.assume(rescue(OWNER, address(token), to, amount));
        assertSame(before, booksOf(who, address(token)));
    }

    /// @notice Nor do they in coins, nor does any coin leave, of which none can be asked for.
    function check_RescueLeavesCoinsAlone(address caller, address to, uint256 amount, address who, bool coin)
        external
    {
        fill(who, COIN_CURRENCY);
        fillHeld(who, COIN_CURRENCY);
        vm.deal(address(market), type(uint128).max);
        prepare(true);
        Books memory before = booksOf(who, COIN);
        vm.assume(rescue(caller, coin ? COIN : address(token), to, amount));

        vm.assertFalse(coin);
        vm.assertEq(address(market).balance, type(uint128).max);
        assertSame(before, booksOf(who, COIN));
    }

    /// @notice In the surplus the owner's rescue always works, paused or not.
    function check_RescueWorks(address to, uint256 amount, bool pause, bool allowed) external {
        uint256 owed_ = prepare(allowed);
        uint256 balance = token.balanceOf(address(market));
        vm.assume(to != address(0) && to != address(market));
        vm.assume(amount != 0 && balance >= owed_ && amount <= balance - owed_);
        if (pause) {
            vm.prank(OWNER);
            market.pause();
        }
        vm.assertTrue(rescue(OWNER, address(token), to, amount));
    }

    /// @notice Of a token that does anything, as much is left as is owed. What is owed stays.
    function check_RescueOfAnyTokenLeavesWhatIsOwed(
        address to,
        uint256 amount,
        uint256 balance,
        uint256 moved,
        bool answer
    ) external {
        AnyToken any = AnyToken(create("AnyToken.sol/AnyToken.json", ""));
        vm.prank(OWNER);
        market.setTokenAllowed(address(any), true);
        uint256 owed_ = svm.createUint(116, "owed");
        setOwed(address(any), owed_);
        any.set(balance, moved, answer);
        vm.assume(rescue(OWNER, address(any), to, amount));

        vm.assertTrue(answer && amount != 0 && balance >= owed_ && amount <= balance - owed_);
        vm.assertTrue(any.balanceOf(address(market)) >= owed_);
        vm.assertEq(owed(address(any)), owed_);
    }

    /// @notice Nothing is rescued that takes of another token in which something is owed, and which it may be.
    function check_RescueOfAnyTokenLeavesTheOthers(uint256 amount, uint256 balance, uint256 moved) external {
        // What stands for another address of the token on the list: the two tell of one balance.
        AnyToken any = AnyToken(create("AnyToken.sol/AnyToken.json", ""));
        Entrance entrance = new Entrance(any);
        vm.prank(OWNER);
        market.setTokenAllowed(address(any), true);
        uint256 owed_ = svm.createUint(116, "owed");
        setOwed(address(any), owed_);
        any.set(balance, moved, true);
        vm.assume(rescue(OWNER, address(entrance), address(0xbeef), amount));

        vm.assertTrue(owed_ == 0 || moved >= balance);
        vm.assertEq(owed(address(any)), owed_);
    }

    // -------------------------------------------------------------------------------------------- helpers

    /// @dev Any sum that is owed in the token, and any that is there, on the list or off it.
    function prepare(bool allowed) private returns (uint256 owed_) {
        owed_ = svm.createUint(116, "owed");
        setOwed(owed_);
        token.mint(address(market), svm.createUint(128, "ofMarket"));
        vm.prank(OWNER);
        market.setTokenAllowed(address(token), allowed);
    }

    function rescue(address caller, address what, address to, uint256 amount) private returns (bool) {
        return try_(caller, 0, abi.encodeCall(IMarketTreasury.rescueERC20, (what, to, amount)));
    }
}

/// @notice Another address of a token.
contract Entrance {
    AnyToken private immutable TOKEN;

    constructor(AnyToken token) {
        TOKEN = token;
    }

    function balanceOf(address who) external view returns (uint256) {
        return TOKEN.balanceOf(who);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return TOKEN.transfer(to, amount);
    }
}
