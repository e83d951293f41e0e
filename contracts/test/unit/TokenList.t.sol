// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {TokenMarketTest} from "../utils/TokenMarketTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract TokenListTest is TokenMarketTest {
    /// @dev Where the market keeps the count of its tokens; the tests that use it would fail at another place.
    uint256 private constant TOKEN_COUNT_SLOT = 9;

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

    function test_KeepsTokensApartThatAreTakenOffTheList() external {
        IToken[3] memory tokens = [token, deployToken("Token", 6), deployToken("Token", 6)];
        for (uint160 i = 0; i < 3; ++i) {
            use(tokens[i]);
            (order.beneficiary, order.amount) = (address(i + 1), i + 1);
            buyFor(quote(order));
        }
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(owner);
            market.setTokenAllowed(address(tokens[i]), false);
            vm.assertFalse(market.isTokenAllowed(address(tokens[i])));
            vm.assertEq(market.payoutOf(payee, address(tokens[i])), i + 1);
            vm.prank(payee);
            vm.assertEq(market.withdraw(address(tokens[i]), payee), i + 1);
        }
    }

    function test_RevertWhen_TokensRunOut() external {
        // 2^16 tokens and a day of gas; a storage slot stands for them.
        bytes32 slot = bytes32(TOKEN_COUNT_SLOT);
        vm.store(address(market), slot, bytes32(uint256(type(uint16).max)));
        address another = address(deployToken("Token", 6));
        vm.prank(owner);
        expectError(IMarketTreasury.CourseMarket_TooManyTokens.selector);
        market.setTokenAllowed(another, true);
    }

    function test_KeepsDaysApartForTheLastToken() external {
        // Its number is the highest, and nothing of it may reach into another part of a key.
        vm.store(address(market), bytes32(TOKEN_COUNT_SLOT), bytes32(uint256(type(uint16).max) - 1));
        use(deployToken("Token", 6));
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        vm.prank(lister);
        market.setTokenPrice(order.courseId, 0, address(token), DEAR);
        for (uint160 day = 0; day < 4; ++day) {
            vm.warp(START + day * 1 days);
            order.deadline = block.timestamp;
            order.beneficiary = address(day + 1);
            buyFor("");
            vm.assertEq(payout(), 0);
        }
        for (uint256 day = 0; day < 4; ++day) {
            vm.warp((START / 1 days + WINDOW + 1 + day) * 1 days);
            vm.assertEq(payout(), (day + 1) * DEAR);
        }
    }

    function test_KeepsCurrenciesOfAnyPayeeApart() external {
        // The two accounts differ in the bit that is next to the currency's number in a key.
        address other = address(uint160(payee) ^ 2 ** 159);
        buyFor("");
        vm.assertEq(market.payoutOf(other, address(0)), 0);
        vm.assertEq(market.payoutOf(other, address(token)), 0);
        uint256 another = list(lister, other, prices(PRICE));
        vm.prank(lister);
        market.setTokenPrice(another, 0, address(token), PRICE);
        order = orderFor(another, 0, address(token), PRICE);
        buyFor("");
        vm.assertEq(market.payoutOf(other, address(token)), PRICE);
        vm.assertEq(payout(), DEAR);
        vm.assertTrue(payoutOf(payee) == 0 && payoutOf(other) == 0);
    }

    function test_RevertWhen_UnknownTokenWithdrawn() external {
        expectNotAllowed(stranger);
        market.withdraw(stranger, stranger);
        expectNotAllowed(stranger);
        market.payoutOf(payee, stranger);
    }
}
