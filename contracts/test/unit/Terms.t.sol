// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {ListerTest} from "../utils/ListerTest.sol";

contract TermsTest is ListerTest {
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
        vm.prank(lister);
        expectWindowTooLong(61);
        market.setWindow(id, 61);
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

    function test_RevertWhen_PayeeIsTheMarket() external {
        vm.prank(lister);
        expectNotPaid(address(market), 0);
        market.setPayee(course, address(market));
        assertListing(course, lister, payee, 3);
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

    function test_ChangesNoOtherCoursesPayee() external {
        uint256 full = list(lister, payee, new IMarketListings.Tier[](8));
        uint256 next = list(lister, payee, prices(PRICE));
        vm.prank(lister);
        market.setPayee(full, stranger);
        buy(next, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);
    }

    function test_PaysTheNewPayeeOfAnyWindow() external {
        for (uint8 window = 1; window < 4; ++window) {
            uint256 id = list(lister, payee, window, prices(PRICE));
            address next = address(uint160(0xace) + window);
            vm.prank(lister);
            market.setPayee(id, next);
            buy(id, 0, PRICE);
            vm.warp(windowEnd(window));
            vm.assertEq(withdraw(next), PRICE);
        }
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

    function expectWindowSettled(uint256 courseId) private {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketListings.CourseMarket_WindowIsSettled.selector, courseId)
        );
    }
}
