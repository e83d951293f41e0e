// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketTest} from "../utils/MarketTest.sol";

/// @notice Measures whole transactions: with `--isolate` forge runs each call as a transaction of its own,
/// the base of 21,000 and the call's data included. `npm run gas` reads what is written here.
contract GasTest is MarketTest {
    /// @dev All bytes of an address and an order id count in full, as random ones do.
    address private constant FIRST = address(uint160(0x00a1b2C3d4e5F6A7B8c9D0E1f2A3b4c5d6E7F8A9B1));
    bytes32 private constant RANDOM_ORDER = bytes32(type(uint256).max);
    bytes32 private constant UUID_ORDER = bytes32(uint256(type(uint128).max));

    uint256 private second;
    uint256 private third;
    string private figures;

    function setUp() public override {
        super.setUp();
        payee = address(uint160(uint256(keccak256("payee with a balance"))));
        course = list(lister, payee, prices(PRICE));
        second = list(lister, payee, prices(PRICE));
        third = list(lister, payee, prices(PRICE));
        vm.deal(FIRST, 10 ether);
        buy(course, 0, PRICE);
    }

    function test_measure() external {
        purchase(course, RANDOM_ORDER);
        note("purchase, first of a buyer");
        purchase(second, RANDOM_ORDER);
        note("purchase, another course");
        purchase(third, UUID_ORDER);
        note("purchase, another course, order id a UUID");

        vm.prank(payee);
        market.withdraw(payable(payee));
        note("withdraw");
        vm.prank(FIRST);
        market.purchase{value: DEAR}(1, 2, FIRST, RANDOM_ORDER);
        note("purchase, another course, first sale of its payee");

        address fresh = address(uint160(uint256(keccak256("fresh payee"))));
        list(lister, fresh, prices(PRICE));
        note("listCourse, one tier, new payee");
        list(lister, fresh, prices(PRICE, PRICE, DEAR));
        note("listCourse, three tiers");
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        note("setTier");
        vm.prank(lister);
        market.setTiers(course, prices(PRICE, PRICE, DEAR));
        note("setTiers, one tier to three");
        vm.prank(lister);
        market.setPayee(course, fresh);
        note("setPayee, three tiers");
        vm.prank(lister);
        market.setLister(course, fresh);
        note("setLister");
        pause();
        note("pause");
        vm.prank(owner);
        market.unpause();
        note("unpause");

        vm.writeJson(figures, "cache/gas/figures.json");
    }

    function purchase(uint256 courseId, bytes32 orderId) private {
        vm.prank(FIRST);
        market.purchase{value: PRICE}(courseId, 0, FIRST, orderId);
    }

    /// @dev What the last call cost, less what it got back.
    function note(string memory operation) private {
        figures = vm.serializeUint("figures", operation, vm.lastCallGas().gasTotalUsed);
    }
}
