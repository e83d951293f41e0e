// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OfferLib} from "../../src/Offer.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {MarketTest} from "../utils/MarketTest.sol";

contract ListingTest is MarketTest {
    uint256 private constant UNKNOWN = 77;

    // ----------------------------------------------------------------------------------------- listCourse

    function test_RevertWhen_ListedWithoutPayee() external {
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        list(lister, address(0), prices(PRICE));
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

    function test_SetsATierWithoutAPrice() external {
        vm.prank(lister);
        market.setTier(course, 0, 0, true);
        assertTier(course, 0, 0, true);
    }

    function test_RevertWhen_TierTooDear() external {
        vm.prank(lister);
        expectTooDear(type(uint96).max);
        market.setTier(course, 0, type(uint96).max, true);
    }

    function test_EmitsTheTier() external {
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(course, 2, PRICE, false);
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
        vm.assertEq(payoutOf(payee), DEAR);
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
        market.setTiers(course, new IMarketListings.Tier[](9));
    }

    function test_EmitsEachTier() external {
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(course, 0, DEAR, true);
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(course, 1, 0, false);
        vm.expectEmit(address(market));
        emit IMarketListings.TierPriced(course, 2, 0, false);
        vm.prank(lister);
        market.setTiers(course, prices(DEAR));
    }

    function test_ShortensTheList() external {
        vm.prank(lister);
        market.setTiers(course, prices(DEAR));
        assertListing(course, lister, payee, 3);
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
        assertListing(course, lister, payee, 3);
        for (uint8 i = 0; i < 3; ++i) {
            assertTier(course, i, 0, false);
        }
    }

    // -------------------------------------------------------------------------------------- setTokenPrice

    function test_RevertWhen_TokenPriceOfUnknownCourse() external {
        expectUnknown();
        market.setTokenPrice(UNKNOWN, 0, address(0), PRICE);
    }

    function test_RevertWhen_TokenPriceSetByAnother() external {
        expectNotLister(stranger);
        market.setTokenPrice(course, 0, address(0), PRICE);
    }

    function test_RevertWhen_TokenPriceOfNinthTier() external {
        vm.prank(lister);
        expectTooMany(9);
        market.setTokenPrice(course, 8, address(0), PRICE);
    }

    function test_RevertWhen_PricedInUnknownToken() external {
        address unknown = address(deployToken("Token", 6));
        expectNotAllowed(unknown);
        vm.prank(lister);
        market.setTokenPrice(course, 0, unknown, PRICE);
        expectNotAllowed(unknown);
        vm.prank(lister);
        market.setTokenPrice(course, 0, unknown, 0);
        // The chain's own coin is no token: its price is the tier's.
        expectNotAllowed(address(0));
        vm.prank(lister);
        market.setTokenPrice(course, 0, address(0), PRICE);
    }

    function test_RevertWhen_PricedInDisallowedToken() external {
        address token = allowedToken();
        vm.prank(owner);
        market.setTokenAllowed(token, false);
        expectNotAllowed(token);
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, 0);
    }

    function test_EmitsTheTokenPrice() external {
        address token = allowedToken();
        vm.expectEmit(address(market));
        emit IMarketListings.TokenPriced(course, 2, token, DEAR);
        vm.prank(lister);
        market.setTokenPrice(course, 2, token, DEAR);
    }

    function test_KeepsTokenPricesApart() external {
        (address one, address two) = (allowedToken(), allowedToken());
        vm.prank(lister);
        market.setTokenPrice(course, 0, one, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 2, two, DEAR);
        vm.assertEq(market.tokenPriceOf(course, 0, one), PRICE);
        vm.assertEq(market.tokenPriceOf(course, 0, two), 0);
        vm.assertEq(market.tokenPriceOf(course, 2, one), 0);
        vm.assertEq(market.tokenPriceOf(course, 2, two), DEAR);
        vm.assertEq(market.tokenPriceOf(course, 10, two), 0);
        assertTier(course, 0, PRICE, true);
    }

    // ------------------------------------------------------------------------------------------ setWindow

    function test_RevertWhen_WindowOfUnknownCourse() external {
        expectUnknown();
        market.setWindow(UNKNOWN, 7);
    }

    function test_RevertWhen_WindowSetByAnother() external {
        expectNotLister(stranger);
        market.setWindow(course, 7);
    }

    function test_RevertWhen_WindowSetTooLong() external {
        uint256 id = list(lister, payee, WINDOW, prices(PRICE));
        vm.prank(lister);
        expectWindowTooLong(255);
        market.setWindow(id, 255);
    }

    function test_RevertWhen_WindowGivenLater() external {
        vm.prank(lister);
        expectWindowSettled(course);
        market.setWindow(course, 7);
    }

    function test_RevertWhen_WindowTakenAway() external {
        uint256 id = list(lister, payee, WINDOW, prices(PRICE));
        vm.prank(lister);
        expectWindowSettled(id);
        market.setWindow(id, 0);
    }

    function test_EmitsTheNewWindow() external {
        uint256 id = list(lister, payee, WINDOW, prices(PRICE));
        vm.expectEmit(address(market));
        emit IMarketListings.WindowChanged(id, 60);
        vm.prank(lister);
        market.setWindow(id, 60);
        assertWindow(id, 60);
    }

    function test_WindowHoldsForLaterPurchases() external {
        uint256 id = list(lister, payee, WINDOW, prices(PRICE, PRICE, PRICE));
        buy(id, 0, PRICE);
        vm.prank(lister);
        market.setTier(id, 2, PRICE, false);
        vm.prank(lister);
        market.setWindow(id, 1);
        vm.prank(lister);
        market.setTier(id, 2, PRICE, true);
        buy(id, 1, PRICE);
        buy(id, 2, PRICE);
        vm.warp(windowEnd(1));
        vm.assertEq(payoutOf(payee), 2 * PRICE);
        vm.warp(START);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(payoutOf(payee), 3 * PRICE);
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
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        market.setPayee(course, address(0));
    }

    function test_EmitsThePayee() external {
        vm.expectEmit(address(market));
        emit IMarketListings.PayeeChanged(course, stranger);
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
        vm.assertEq(payoutOf(stranger), PRICE + DEAR);
        vm.assertEq(payoutOf(payee), 0);
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
        vm.assertEq(payoutOf(stranger), PRICE + DEAR);
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

    function allowedToken() private returns (address token) {
        token = address(deployToken("Token", 6));
        vm.prank(owner);
        market.setTokenAllowed(token, true);
    }

    function assertWindow(uint256 courseId, uint256 window_) private view {
        (,,, uint8 window) = market.listingOf(courseId);
        vm.assertEq(window, window_);
    }

    function expectWindowTooLong(uint256 given) private {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketListings.CourseMarket_WindowTooLong.selector, 60, given)
        );
    }

    function expectWindowSettled(uint256 courseId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketListings.CourseMarket_WindowIsSettled.selector, courseId)
        );
    }

    function expectNotAllowed(address token) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenNotAllowed.selector, token));
    }

    function expectUnknown() private {
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownCourse.selector, UNKNOWN));
    }

    /// @dev The next call comes from `who`, and is refused.
    function expectNotLister(address who) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IMarketListings.CourseMarket_NotLister.selector, course, who));
    }

    function expectTooMany(uint256 given) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketListings.CourseMarket_TooManyTiers.selector, 8, given));
    }

    function expectTooDear(uint256 given) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketListings.CourseMarket_PriceTooHigh.selector, OfferLib.MAX_PRICE, given
            )
        );
    }
}
