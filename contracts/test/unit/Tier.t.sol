// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {ListerTest} from "../utils/ListerTest.sol";
import {Vm} from "../utils/Vm.sol";

contract TierTest is ListerTest {
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

    function test_IsOffSaleWhoeverThePayeeIs() external {
        // State and payee share a slot.
        for (uint160 who = 1; who < 5; ++who) {
            uint256 id = list(lister, address(who), prices(PRICE));
            vm.prank(lister);
            market.setTier(id, 0, PRICE, false);
            assertTier(id, 0, PRICE, false);
        }
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

    function test_ExtendsTheListByOne() external {
        vm.prank(lister);
        market.setTier(course, 3, DEAR, true);
        assertListing(course, lister, payee, 4);
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

    function test_ShortensNoOtherList() external {
        uint256 full = list(lister, payee, new IMarketListings.Tier[](8));
        uint256 next = list(lister, payee, prices(PRICE));
        vm.prank(lister);
        market.setTiers(full, prices(DEAR));
        assertTier(full, 0, DEAR, true);
        assertTier(next, 0, PRICE, true);
    }

    function test_EmptiesTheList() external {
        vm.prank(lister);
        market.setTiers(course, prices());
        assertListing(course, lister, payee, 3);
        for (uint8 i = 0; i < 3; ++i) {
            assertTier(course, i, 0, false);
        }
    }

    function test_ForgetsTokenPricesOfATierCutOff() external {
        (address one, address two) = (allowedToken(), allowedToken());
        vm.prank(lister);
        market.setTokenPrice(course, 0, one, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 2, one, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 2, two, DEAR);
        vm.prank(lister);
        market.setTiers(course, prices(PRICE));
        vm.prank(lister);
        market.setTiers(course, prices(PRICE, 0, DEAR));
        vm.assertEq(market.tokenPriceOf(course, 0, one), PRICE);
        vm.assertEq(market.tokenPriceOf(course, 2, one), 0);
        vm.assertEq(market.tokenPriceOf(course, 2, two), 0);

        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 2));
        vm.prank(buyer);
        market.purchaseForTokens(orderFor(course, 2, two, DEAR), "");
    }

    function test_ForgetsTokenPricesOfATierRemoved() external {
        address token = allowedToken();
        uint256 other = list(lister, payee, prices(PRICE));
        vm.prank(lister);
        market.setTokenPrice(other, 0, token, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, PRICE);
        vm.prank(lister);
        market.setTier(course, 0, 0, false);
        vm.assertEq(market.tokenPriceOf(course, 0, token), 0);
        vm.assertEq(market.tokenPriceOf(other, 0, token), PRICE);
    }

    function test_ForgetsAPriceInATokenTakenOffTheList() external {
        address token = allowedToken();
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, PRICE);
        vm.prank(owner);
        market.setTokenAllowed(token, false);
        vm.prank(lister);
        market.setTiers(course, prices());
        vm.assertEq(market.tokenPriceOf(course, 0, token), 0);
    }

    function test_EmitsEachTokenPriceThatIsForgotten() external {
        (address one, address two) = (allowedToken(), allowedToken());
        allowedToken();
        vm.prank(lister);
        market.setTokenPrice(course, 2, one, PRICE);
        vm.prank(lister);
        market.setTokenPrice(course, 2, two, DEAR);
        vm.recordLogs();
        vm.prank(lister);
        market.setTiers(course, prices(PRICE, PRICE, 0));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 5);
        bytes32 topic = IMarketListings.TokenPriced.selector;
        vm.assertEq(logs[3].topics[0], topic);
        vm.assertEq(logs[4].topics[0], topic);
        vm.assertEq(logs[3].topics[3], bytes32(uint256(uint160(two))));
        vm.assertEq(logs[4].topics[3], bytes32(uint256(uint160(one))));
        vm.assertEq(logs[3].topics[1], bytes32(course));
        vm.assertEq(logs[3].topics[2], bytes32(uint256(2)));
        vm.assertEq(abi.decode(logs[3].data, (uint256)), 0);
    }

    function test_KeepsTokenPricesOfATierOffSale() external {
        address token = allowedToken();
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, DEAR);
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        vm.assertEq(market.tokenPriceOf(course, 0, token), DEAR);
        vm.prank(lister);
        market.setTier(course, 0, 0, true);
        vm.assertEq(market.tokenPriceOf(course, 0, token), DEAR);
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

    function test_RevertWhen_TokenPriceOfATierPastTheLast() external {
        address token = allowedToken();
        for (uint8 tier = 3; tier < 8; ++tier) {
            expectUnknownTier(tier);
            market.setTokenPrice(course, tier, token, PRICE);
        }
        // Nothing waits for the tier.
        vm.prank(lister);
        market.setTier(course, 3, 0, true);
        vm.assertEq(market.tokenPriceOf(course, 3, token), 0);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, course, 3));
        vm.prank(buyer);
        market.purchaseForTokens(orderFor(course, 3, token, PRICE), "");
        vm.prank(lister);
        market.setTokenPrice(course, 3, token, PRICE);
        vm.assertEq(market.tokenPriceOf(course, 3, token), PRICE);
    }

    function test_RevertWhen_TokenPriceOfAnEmptyIndex() external {
        address token = allowedToken();
        expectUnknownTier(1);
        market.setTokenPrice(course, 1, token, 1);
        // There is none to take away, which does no harm.
        vm.prank(lister);
        market.setTokenPrice(course, 1, token, 0);
    }

    function test_RevertWhen_TokenPriceOfATierRemoved() external {
        address token = allowedToken();
        vm.prank(lister);
        market.setTier(course, 0, 0, false);
        expectUnknownTier(0);
        market.setTokenPrice(course, 0, token, PRICE);
        vm.prank(lister);
        market.setTiers(course, prices());
        expectUnknownTier(2);
        market.setTokenPrice(course, 2, token, PRICE);
    }

    function test_PricesATierOffSale() external {
        address token = allowedToken();
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        vm.prank(lister);
        market.setTokenPrice(course, 0, token, DEAR);
        vm.assertEq(market.tokenPriceOf(course, 0, token), DEAR);
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

    /// @dev The lister's next call is refused.
    function expectUnknownTier(uint8 tier) private {
        vm.prank(lister);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketListings.CourseMarket_UnknownTier.selector, course, tier)
        );
    }

    function allowedToken() private returns (address token) {
        token = address(deployToken("Token", 6));
        vm.prank(owner);
        market.setTokenAllowed(token, true);
    }

    function expectNotAllowed(address token) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenNotAllowed.selector, token));
    }
}
