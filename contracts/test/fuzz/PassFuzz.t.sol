// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {MarketTest} from "../utils/MarketTest.sol";

/// @notice Passes of both kinds against a model that remembers each pass by itself.
contract PassFuzzTest is MarketTest {
    /// @dev Two words of bits, and courses with a window between those without.
    uint256 private constant COURSES = 40;

    /// @dev What the model knows of a pass.
    mapping(uint256 id => bool) private sold;

    function setUp() public override {
        super.setUp();
        IMarketListings.Tier[] memory all = new IMarketListings.Tier[](8);
        for (uint8 i = 0; i < 8; ++i) {
            all[i] = tierAt(PRICE);
        }
        for (uint256 i = 1; i < COURSES; ++i) {
            list(lister, payee, i % 5 == 0 ? WINDOW : 0, all);
        }
        vm.prank(lister);
        market.setTiers(course, all);
    }

    function testFuzz_KeepsEachPassApart(uint16[16] calldata picks) external {
        uint256 passes;
        for (uint256 i = 0; i < picks.length; ++i) {
            (uint256 courseId, uint8 tier) = (1 + (picks[i] >> 3) % COURSES, uint8(picks[i] & 7));
            uint256 id = passId(learner, courseId, tier);
            if (sold[id]) {
                vm.expectRevert();
            } else {
                (sold[id], passes) = (true, passes + 1);
            }
            buy(courseId, tier, PRICE);
        }
        vm.assertEq(market.balanceOf(learner), passes);
        (uint256 held,) = market.heldFor(payee, address(0));
        vm.assertEq(payoutOf(payee) + held, passes * PRICE);

        // All that were sold are there, by the count no others are; and their neighbours are looked at.
        for (uint256 i = 0; i < picks.length; ++i) {
            (uint256 courseId, uint8 tier) = (1 + (picks[i] >> 3) % COURSES, uint8(picks[i] & 7));
            vm.assertTrue(market.hasPass(learner, courseId, tier));
            uint8 next = (tier + 1) % 8;
            vm.assertTrue(market.hasPass(learner, courseId, next) == sold[passId(learner, courseId, next)]);
        }
    }
}
