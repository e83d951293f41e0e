// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OfferLib} from "../../src/Offer.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {ListerTest} from "../utils/ListerTest.sol";

contract ListingTest is ListerTest {
    // ----------------------------------------------------------------------------------------- listCourse

    function test_RevertWhen_ListedWithoutPayee() external {
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        list(lister, address(0), prices(PRICE));
    }

    function test_RevertWhen_ListedForTheMarket() external {
        expectNotPaid(address(market), 0);
        list(lister, address(market), prices(PRICE));
        expectNotPaid(address(market), 0);
        list(lister, address(market), WINDOW, prices());
    }

    function test_RevertWhen_ListedWithNineTiers() external {
        expectTooMany(9);
        list(lister, payee, new IMarketListings.Tier[](9));
    }

    function test_RevertWhen_ListedTooDear() external {
        uint96 tooDear = uint96(OfferLib.MAX_PRICE) + 1;
        expectTooDear(tooDear);
        list(lister, payee, prices(tooDear));
    }

    function test_EmitsTheListing() external {
        uint256 id = course + 1;
        vm.expectEmit(address(market));
        emit IMarketListings.CourseListed(id, COURSE_REF, stranger, payee);
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(id, 0, PRICE, true);
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(id, 2, DEAR, true);
        list(stranger, payee, prices(PRICE, 0, DEAR));
    }

    function test_EmitsNothingThatIsNotThere() external {
        vm.recordLogs();
        list(lister, payee, prices(PRICE, 0, DEAR));
        vm.assertEq(vm.getRecordedLogs().length, 3);
        list(lister, payee, 1, prices(PRICE, 0, DEAR));
        vm.assertEq(vm.getRecordedLogs().length, 4);
    }

    function test_CountsUpFromOne() external {
        vm.assertEq(course, 1);
        vm.assertEq(list(stranger, payee, prices(PRICE)), 2);
        vm.assertEq(list(lister, stranger, prices()), 3);
    }

    function test_KeepsTheListing() external view {
        assertListing(course, lister, payee, 3);
    }

    function test_ZeroIsNoTier() external view {
        assertTier(course, 0, PRICE, true);
        assertTier(course, 1, 0, false);
        assertTier(course, 2, DEAR, true);
    }

    function test_TakesEightTiers() external {
        IMarketListings.Tier[] memory eight = new IMarketListings.Tier[](8);
        for (uint96 i = 0; i < 8; ++i) {
            eight[i] = tierAt(PRICE + i);
        }
        uint256 id = list(lister, payee, eight);
        for (uint8 i = 0; i < 8; ++i) {
            assertTier(id, i, PRICE + i, true);
        }
        assertListing(id, lister, payee, 8);
    }

    function test_TakesAnEmptyList() external {
        uint256 id = list(lister, payee, prices());
        assertListing(id, lister, payee, 0);
        vm.prank(lister);
        market.setTier(id, 0, PRICE, true);
        buy(id, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);
    }

    function test_ReferenceIsNotUnique() external {
        uint256 id = list(stranger, stranger, prices(PRICE));
        vm.assertTrue(id != course);
        assertListing(course, lister, payee, 3);
    }

    function test_ListsWhilePaused() external {
        pause();
        list(lister, payee, prices(PRICE));
    }

    function test_RevertWhen_WindowTooLong() external {
        expectWindowTooLong(61);
        list(lister, payee, 61, prices(PRICE));
    }

    function test_EmitsTheWindow() external {
        vm.expectEmit(address(market));
        emit IMarketListings.WindowChanged(course + 1, 60);
        uint256 id = list(lister, payee, 60, prices(PRICE));
        assertWindow(id, 60);
        assertWindow(course, 0);
    }

    function test_ListsATierWithoutAPrice() external {
        IMarketListings.Tier[] memory tiers = new IMarketListings.Tier[](2);
        tiers[0] = IMarketListings.Tier({price: 0, active: true});
        tiers[1] = IMarketListings.Tier({price: PRICE, active: false});
        uint256 id = list(lister, payee, tiers);
        assertTier(id, 0, 0, true);
        assertTier(id, 1, PRICE, false);
    }

    // ------------------------------------------------------------------------------------------ setLister

    function test_RevertWhen_ListerOfUnknownCourse() external {
        expectUnknown();
        market.setLister(UNKNOWN, stranger);
    }

    function test_RevertWhen_ListerSetByAnother() external {
        address[3] memory others = [stranger, payee, owner];
        for (uint256 i = 0; i < others.length; ++i) {
            expectNotLister(others[i]);
            market.setLister(course, others[i]);
        }
    }

    function test_RevertWhen_ListerZero() external {
        vm.prank(lister);
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        market.setLister(course, address(0));
    }

    function test_EmitsTheLister() external {
        vm.expectEmit(address(market));
        emit IMarketListings.ListerChanged(course, stranger);
        vm.prank(lister);
        market.setLister(course, stranger);
    }

    function test_MovesControlOnly() external {
        vm.prank(lister);
        market.setLister(course, stranger);
        assertListing(course, stranger, payee, 3);

        expectNotLister(lister);
        market.setTier(course, 0, DEAR, true);
        vm.prank(stranger);
        market.setTier(course, 0, DEAR, true);
        buy(course, 0, DEAR);
        vm.assertEq(payoutOf(payee), DEAR);
    }

    // ---------------------------------------------------------------------------------------------- views

    function test_RevertWhen_ListingUnknown() external {
        expectUnknown();
        market.listingOf(UNKNOWN);
    }

    function test_NoSuchTier() external view {
        assertTier(course, 8, 0, false);
        assertTier(UNKNOWN, 0, 0, false);
        assertTier(course + 2 ** 253, 0, 0, false);
    }
}
