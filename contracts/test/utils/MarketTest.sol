// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "./IMarket.sol";
import {Vm} from "./Vm.sol";

/// @notice A market with one course, and the people around it.
abstract contract MarketTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint96 internal constant PRICE = 0.01 ether;
    uint96 internal constant DEAR = 0.25 ether;
    bytes32 internal constant COURSE_REF = keccak256("course");
    bytes32 internal constant ORDER = keccak256("order");

    IMarket internal market;
    /// @dev Tier 0 at PRICE, none at 1, tier 2 at DEAR.
    uint256 internal course;

    address internal owner = account("owner");
    address internal lister = account("lister");
    address internal payee = account("payee");
    address internal buyer = account("buyer");
    address internal learner = account("learner");
    address internal stranger = account("stranger");

    function setUp() public virtual {
        market = deploy();
        course = list(lister, payee, prices(PRICE, 0, DEAR));
        vm.deal(buyer, 1000 ether);
    }

    function deploy() internal returns (IMarket deployed) {
        deployed = IMarket(vm.deployCode("CourseMarket.sol:CourseMarket", abi.encode(owner)));
        vm.label(address(deployed), "market");
    }

    function account(string memory name) internal returns (address who) {
        who = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(who, name);
    }

    function prices() internal pure returns (uint96[] memory none) {
        none = new uint96[](0);
    }

    function prices(uint96 first) internal pure returns (uint96[] memory one) {
        one = new uint96[](1);
        one[0] = first;
    }

    function prices(uint96 first, uint96 second, uint96 third) internal pure returns (uint96[] memory three) {
        three = new uint96[](3);
        (three[0], three[1], three[2]) = (first, second, third);
    }

    function list(address by, address credited, uint96[] memory tierPrices) internal returns (uint256) {
        vm.prank(by);
        return market.listCourse(COURSE_REF, credited, tierPrices);
    }

    /// @dev The buyer pays, the learner gets the pass.
    function buy(uint256 courseId, uint8 tier, uint256 value) internal {
        vm.prank(buyer);
        market.purchase{value: value}(courseId, tier, learner, ORDER);
    }

    function pause() internal {
        vm.prank(owner);
        market.pause();
    }

    function passId(address holder, uint256 courseId, uint8 tier) internal pure returns (uint256) {
        return (courseId * 8 + tier) << 160 | uint160(holder);
    }

    function expectError(bytes4 selector) internal {
        vm.expectRevert(abi.encodePacked(selector));
    }

    /// @dev Fits any number into a range, both ends included.
    function bound(uint256 any, uint256 min, uint256 max) internal pure returns (uint256) {
        uint256 size = max - min;
        return size == type(uint256).max ? any : min + any % (size + 1);
    }

    function assertTier(uint256 courseId, uint8 tier, uint256 price, bool active) internal view {
        (uint256 price_, bool active_) = market.tierOf(courseId, tier);
        vm.assertEq(price_, price, "price");
        vm.assertTrue(active_ == active, "active");
    }

    function assertListing(uint256 courseId, address lister_, address payee_, uint256 tierCount_)
        internal
        view
    {
        (address by, address credited, uint8 tierCount) = market.listingOf(courseId);
        vm.assertEq(by, lister_);
        vm.assertEq(credited, payee_);
        vm.assertEq(tierCount, tierCount_);
    }
}
