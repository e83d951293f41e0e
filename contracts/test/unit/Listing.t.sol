// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OfferLib} from "../../src/Offer.sol";
import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {MarketTest} from "../utils/MarketTest.sol";

contract ListingTest is MarketTest {
    uint256 private constant UNKNOWN = 77;

    // ----------------------------------------------------------------------------------------- listCourse

    function test_RevertWhen_ListedWithoutPayee() external {
        expectError(ICourseMarket.CourseMarket_ZeroAddress.selector);
        list(lister, address(0), prices(PRICE));
    }

    function test_RevertWhen_ListedWithNineTiers() external {
        expectTooMany(9);
        list(lister, payee, new uint96[](9));
    }

    function test_RevertWhen_ListedTooDear() external {
        uint96 tooDear = uint96(OfferLib.MAX_PRICE) + 1;
        expectTooDear(tooDear);
        list(lister, payee, prices(tooDear));
    }

    function test_EmitsTheListing() external {
        uint256 id = course + 1;
        vm.expectEmit(address(market));
        emit ICourseMarket.CourseListed(id, COURSE_REF, stranger, payee);
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(id, 0, PRICE, true);
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(id, 2, DEAR, true);
        list(stranger, payee, prices(PRICE, 0, DEAR));
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
        uint96[] memory eight = new uint96[](8);
        for (uint96 i = 0; i < 8; ++i) {
            eight[i] = PRICE + i;
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
        vm.assertEq(market.payoutOf(payee), PRICE);
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

    // -------------------------------------------------------------------------------------------- setTier

    function test_RevertWhen_TierOfUnknownCourse() external {
        expectUnknown();
        market.setTier(UNKNOWN, 0, PRICE, true);
    }

    function test_RevertWhen_TierSetByAnother() external {
        address[3] memory others = [stranger, payee, owner];
        for (uint256 i = 0; i < others.length; ++i) {
            expectNotLister(others[i]);
            market.setTier(course, 0, DEAR, true);
        }
    }

    function test_RevertWhen_TierIndexTooHigh() external {
        vm.prank(lister);
        expectTooMany(9);
        market.setTier(course, 8, PRICE, true);

        vm.prank(lister);
        expectTooMany(256);
        market.setTier(course, 255, PRICE, true);
    }

    function test_RevertWhen_ActiveAtZero() external {
        vm.prank(lister);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_PriceIsZero.selector, course, 0));
        market.setTier(course, 0, 0, true);
    }

    function test_RevertWhen_TierTooDear() external {
        vm.prank(lister);
        expectTooDear(type(uint96).max);
        market.setTier(course, 0, type(uint96).max, true);
    }

    function test_EmitsTheTier() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(course, 2, PRICE, false);
        vm.prank(lister);
        market.setTier(course, 2, PRICE, false);
    }

    function test_TakesOffSaleAndPutsBack() external {
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        assertTier(course, 0, PRICE, false);
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        assertTier(course, 0, DEAR, true);
        buy(course, 0, DEAR);
        vm.assertEq(market.payoutOf(payee), DEAR);
    }

    function test_RemovesATier() external {
        vm.prank(lister);
        market.setTier(course, 0, 0, false);
        assertTier(course, 0, 0, false);
        assertListing(course, lister, payee, 3);
    }

    function test_ExtendsTheList() external {
        vm.prank(lister);
        market.setTier(course, 7, DEAR, true);
        assertListing(course, lister, payee, 8);
        assertTier(course, 6, 0, false);
        assertTier(course, 7, DEAR, true);
    }

    // ------------------------------------------------------------------------------------------- setTiers

    function test_RevertWhen_TiersOfUnknownCourse() external {
        expectUnknown();
        market.setTiers(UNKNOWN, prices(PRICE));
    }

    function test_RevertWhen_TiersSetByAnother() external {
        expectNotLister(stranger);
        market.setTiers(course, prices(DEAR));
    }

    function test_RevertWhen_NineTiersSet() external {
        vm.prank(lister);
        expectTooMany(9);
        market.setTiers(course, new uint96[](9));
    }

    function test_EmitsEachTier() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(course, 0, DEAR, true);
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(course, 1, 0, false);
        vm.expectEmit(address(market));
        emit ICourseMarket.TierPriced(course, 2, 0, false);
        vm.prank(lister);
        market.setTiers(course, prices(DEAR));
    }

    function test_ShortensTheList() external {
        vm.prank(lister);
        market.setTiers(course, prices(DEAR));
        assertListing(course, lister, payee, 1);
        assertTier(course, 0, DEAR, true);
        assertTier(course, 2, 0, false);
    }

    function test_LengthensTheList() external {
        uint256 id = list(lister, payee, prices(PRICE));
        vm.prank(lister);
        market.setTiers(id, prices(0, PRICE, DEAR));
        assertListing(id, lister, payee, 3);
        assertTier(id, 0, 0, false);
        assertTier(id, 1, PRICE, true);
        assertTier(id, 2, DEAR, true);
    }

    function test_EmptiesTheList() external {
        vm.prank(lister);
        market.setTiers(course, prices());
        assertListing(course, lister, payee, 0);
        for (uint8 i = 0; i < 3; ++i) {
            assertTier(course, i, 0, false);
        }
    }

    // ------------------------------------------------------------------------------------------- setPayee

    function test_RevertWhen_PayeeOfUnknownCourse() external {
        expectUnknown();
        market.setPayee(UNKNOWN, payee);
    }

    function test_RevertWhen_PayeeSetByAnother() external {
        address[3] memory others = [stranger, payee, owner];
        for (uint256 i = 0; i < others.length; ++i) {
            expectNotLister(others[i]);
            market.setPayee(course, others[i]);
        }
    }

    function test_RevertWhen_PayeeZero() external {
        vm.prank(lister);
        expectError(ICourseMarket.CourseMarket_ZeroAddress.selector);
        market.setPayee(course, address(0));
    }

    function test_EmitsThePayee() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.PayeeChanged(course, stranger);
        vm.prank(lister);
        market.setPayee(course, stranger);
    }

    function test_ChangesThePayeeOfAllTiers() external {
        vm.prank(lister);
        market.setTier(course, 2, DEAR, false);
        vm.prank(lister);
        market.setPayee(course, stranger);
        assertListing(course, lister, stranger, 3);
        assertTier(course, 0, PRICE, true);
        assertTier(course, 1, 0, false);
        assertTier(course, 2, DEAR, false);

        vm.prank(lister);
        market.setTier(course, 2, DEAR, true);
        buy(course, 0, PRICE);
        buy(course, 2, DEAR);
        vm.assertEq(market.payoutOf(stranger), PRICE + DEAR);
        vm.assertEq(market.payoutOf(payee), 0);
    }

    function test_PayeeHoldsForLaterTiers() external {
        vm.prank(lister);
        market.setPayee(course, stranger);
        vm.prank(lister);
        market.setTier(course, 1, PRICE, true);
        vm.prank(lister);
        market.setTier(course, 5, DEAR, true);
        buy(course, 1, PRICE);
        buy(course, 5, DEAR);
        vm.assertEq(market.payoutOf(stranger), PRICE + DEAR);
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
        expectError(ICourseMarket.CourseMarket_ZeroAddress.selector);
        market.setLister(course, address(0));
    }

    function test_EmitsTheLister() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.ListerChanged(course, stranger);
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
        vm.assertEq(market.payoutOf(payee), DEAR);
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

    function expectUnknown() private {
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_UnknownCourse.selector, UNKNOWN));
    }

    /// @dev The next call comes from `who`, and is refused.
    function expectNotLister(address who) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_NotLister.selector, course, who));
    }

    function expectTooMany(uint256 given) private {
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TooManyTiers.selector, 8, given));
    }

    function expectTooDear(uint256 given) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICourseMarket.CourseMarket_PriceTooHigh.selector, OfferLib.MAX_PRICE, given
            )
        );
    }
}
