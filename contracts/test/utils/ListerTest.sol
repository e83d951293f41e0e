// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OfferLib} from "../../src/Offer.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice What listers are told.
abstract contract ListerTest is MarketTest {
    uint256 internal constant UNKNOWN = 77;

    function assertWindow(uint256 courseId, uint256 window_) internal view {
        (,,, uint8 window) = market.listingOf(courseId);
        vm.assertEq(window, window_);
    }

    function expectUnknown() internal {
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownCourse.selector, UNKNOWN));
    }

    /// @dev The next call comes from `who`, and is refused.
    function expectNotLister(address who) internal {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IMarketListings.CourseMarket_NotLister.selector, course, who));
    }

    function expectTooMany(uint256 given) internal {
        vm.expectRevert(abi.encodeWithSelector(IMarketListings.CourseMarket_TooManyTiers.selector, 8, given));
    }

    function expectTooDear(uint256 given) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketListings.CourseMarket_PriceTooHigh.selector, OfferLib.MAX_PRICE, given
            )
        );
    }

    function expectWindowTooLong(uint256 given) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketListings.CourseMarket_WindowTooLong.selector, 60, given)
        );
    }
}
