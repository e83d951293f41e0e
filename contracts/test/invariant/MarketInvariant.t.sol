// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketTest} from "../utils/MarketTest.sol";
import {MarketHandler} from "./MarketHandler.sol";

contract MarketInvariantTest is MarketTest {
    MarketHandler private handler;

    function setUp() public override {
        super.setUp();
        // A market of its own: every course in it is the handler's.
        market = deploy();
        handler = new MarketHandler(market, owner);
    }

    /// @dev Forge calls the handler, and nothing else.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_MoneyInIsBalancesPlusWithdrawn() external view {
        uint256 balances;
        for (uint256 i = 0; i < handler.peopleCount(); ++i) {
            address who = handler.people(i);
            balances += market.payoutOf(who);
            vm.assertEq(market.payoutOf(who), handler.owedTo(who));
        }
        vm.assertEq(handler.paid(), balances + handler.withdrawn());
        vm.assertEq(address(market).balance, balances);
        vm.assertEq(market.payoutOf(owner), 0);
        vm.assertEq(handler.withdrawalsRefused(), 0, "withdrawals refused, paused or not");
    }

    function invariant_OnePassPerPurchase() external view {
        uint256 passes;
        for (uint256 i = 0; i < handler.peopleCount(); ++i) {
            address who = handler.people(i);
            vm.assertEq(market.balanceOf(who), handler.passesOf(who));
            passes += market.balanceOf(who);
        }
        vm.assertEq(passes, handler.saleCount());
        vm.assertEq(handler.soldTwice(), 0, "sold twice");
    }

    function invariant_PassesNeverMove() external view {
        for (uint256 i = 0; i < handler.saleCount(); ++i) {
            MarketHandler.Sale memory sale = handler.sale(i);
            uint256 id = passId(sale.holder, sale.courseId, sale.tier);
            vm.assertEq(market.ownerOf(id), sale.holder);
            vm.assertTrue(market.locked(id));
            vm.assertTrue(market.hasPass(sale.holder, sale.courseId, sale.tier));
        }
        vm.assertEq(handler.moved(), 0, "moved");
    }

    function invariant_SellsOnlyWhatIsOnSaleAtItsPrice() external view {
        vm.assertEq(handler.soldWhilePaused(), 0, "sold while paused");
        vm.assertEq(handler.soldAtAnotherPrice(), 0, "sold at another price");
        for (uint256 id = 1; id <= handler.courseCount(); ++id) {
            (,, uint8 tierCount) = market.listingOf(id);
            for (uint8 tier = 0; tier < 8; ++tier) {
                (uint256 price, bool active) = market.tierOf(id, tier);
                vm.assertTrue(!active || (price != 0 && tier < tierCount), "a price and a place in the list");
            }
        }
    }
}
