// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Offer, OfferLib} from "../../src/Offer.sol";
import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

contract MarketFuzzTest is MarketTest {
    function testFuzz_SellsAnyTierToAnyone(
        uint8 tier,
        uint96 price,
        address payer,
        address beneficiary,
        bytes32 orderId
    ) external {
        vm.assume(beneficiary != address(0) && payer != address(market));
        tier = uint8(bound(tier, 0, 7));
        price = uint96(bound(price, 1, OfferLib.MAX_PRICE));
        vm.prank(lister);
        market.setTier(course, tier, price, true);

        vm.deal(payer, price);
        vm.expectEmit(address(market));
        emit ICourseMarket.CoursePurchased(orderId, beneficiary, course, tier, address(0), price);
        vm.expectEmit(address(market));
        emit IERC721.Transfer(address(0), beneficiary, passId(beneficiary, course, tier));
        vm.prank(payer);
        market.purchase{value: price}(orderId, course, tier, beneficiary);

        vm.assertTrue(market.hasPass(beneficiary, course, tier));
        vm.assertEq(market.ownerOf(passId(beneficiary, course, tier)), beneficiary);
        vm.assertEq(market.balanceOf(beneficiary), 1);
        vm.assertEq(payoutOf(payee), price);
        vm.assertEq(address(market).balance, price);
        vm.assertEq(payer.balance, 0);
    }

    function testFuzz_TakesNoOtherSum(uint96 price, uint96 sent) external {
        price = uint96(bound(price, 1, OfferLib.MAX_PRICE));
        vm.assume(sent != price);
        uint256 id = list(lister, payee, prices(price));
        vm.deal(buyer, sent);
        vm.expectRevert(abi.encodeWithSelector(ICourseMarket.CourseMarket_WrongPrice.selector, price, sent));
        buy(id, 0, sent);
        vm.assertEq(buyer.balance, sent);
    }

    function testFuzz_SellsNothingThatIsNotListed(uint256 courseId, uint8 tier) external {
        vm.assume(courseId != course || (tier != 0 && tier != 2));
        vm.expectRevert(
            courseId == course
                ? abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, courseId, tier)
                : abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownCourse.selector, courseId)
        );
        buy(courseId, tier, PRICE);
        vm.assertFalse(market.hasPass(learner, courseId, tier));
    }

    function testFuzz_HoldsAnyPriceList(
        IMarketListings.Tier[] memory first,
        IMarketListings.Tier[] memory second
    ) external {
        (first, second) = (priceList(first), priceList(second));
        uint256 id = list(lister, payee, first);
        assertPriceList(id, first, first.length);
        vm.prank(lister);
        market.setTiers(id, second);
        assertPriceList(id, second, first.length > second.length ? first.length : second.length);
    }

    function testFuzz_RefusesPricesThatDoNotFit(uint96 price) external {
        price = uint96(bound(price, OfferLib.MAX_PRICE + 1, type(uint96).max));
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketListings.CourseMarket_PriceTooHigh.selector, OfferLib.MAX_PRICE, price
            )
        );
        list(lister, payee, prices(price));
    }

    function testFuzz_ObeysTheListerOnly(address who, uint96 price, bool active) external {
        vm.assume(who != lister);
        bytes memory refusal =
            abi.encodeWithSelector(IMarketListings.CourseMarket_NotLister.selector, course, who);
        vm.prank(who);
        vm.expectRevert(refusal);
        market.setTier(course, 0, price, active);
        vm.prank(who);
        vm.expectRevert(refusal);
        market.setTiers(course, prices(price));
        vm.prank(who);
        vm.expectRevert(refusal);
        market.setPayee(course, who);
        vm.prank(who);
        vm.expectRevert(refusal);
        market.setLister(course, who);
    }

    function testFuzz_ObeysTheOwnerOnly(address who) external {
        // There is no pauser yet, and nobody can call as the zero address.
        vm.assume(who != owner && who != address(0));
        vm.prank(who);
        vm.expectRevert();
        market.pause();
        pause();
        vm.prank(who);
        vm.expectRevert();
        market.unpause();
    }

    function testFuzz_CreditsEachPayeeTheirOwn(uint96 price, uint96 other, address second) external {
        vm.assume(second != address(0) && second != payee && second != address(market));
        price = uint96(bound(price, 1, OfferLib.MAX_PRICE));
        other = uint96(bound(other, 1, OfferLib.MAX_PRICE));
        vm.deal(buyer, uint256(price) + other);
        buy(list(lister, payee, prices(price)), 0, price);
        buy(list(lister, second, prices(other)), 0, other);
        vm.assertEq(payoutOf(payee), price);
        vm.assertEq(payoutOf(second), other);

        vm.prank(second);
        market.withdraw(address(0), stranger);
        vm.assertEq(stranger.balance, other);
        vm.assertEq(payoutOf(payee), price);
        vm.assertEq(address(market).balance, price);
    }

    function testFuzz_PassesNeverMove(address who, address to, uint256 tokenId) external {
        buy(course, 0, PRICE);
        if (uint256(uint160(who)) & 1 == 0) tokenId = passId(learner, course, 0);
        expectSoulbound(who);
        market.transferFrom(learner, to, tokenId);
        expectSoulbound(who);
        market.safeTransferFrom(learner, to, tokenId);
        expectSoulbound(who);
        market.safeTransferFrom(learner, to, tokenId, "");
        expectSoulbound(who);
        market.approve(to, tokenId);
        expectSoulbound(who);
        market.setApprovalForAll(to, true);
        vm.assertEq(market.ownerOf(passId(learner, course, 0)), learner);
    }

    function testFuzz_OfferKeepsItsParts(address payee_, uint256 price, bool active, uint256 window)
        external
        pure
    {
        price = bound(price, 0, OfferLib.MAX_PRICE);
        window = bound(window, 0, OfferLib.MAX_WINDOW);
        Offer offer = OfferLib.pack(payee_, price, active, window);
        vm.assertEq(offer.window(), window);
        vm.assertEq(offer.payee(), payee_);
        vm.assertEq(offer.price(), price);
        vm.assertEq(offer.active(), active);
    }

    /// @dev Makes a list of any length and content one that the market takes.
    function priceList(IMarketListings.Tier[] memory any)
        private
        pure
        returns (IMarketListings.Tier[] memory tiers)
    {
        tiers = new IMarketListings.Tier[](any.length > 8 ? 8 : any.length);
        for (uint256 i = 0; i < tiers.length; ++i) {
            tiers[i] = IMarketListings.Tier({
                price: uint96(bound(any[i].price, 0, OfferLib.MAX_PRICE)), active: any[i].active
            });
        }
    }

    function assertPriceList(uint256 id, IMarketListings.Tier[] memory tiers, uint256 count) private view {
        assertListing(id, lister, payee, count);
        for (uint8 tier = 0; tier < 8; ++tier) {
            if (tier < tiers.length) assertTier(id, tier, tiers[tier].price, tiers[tier].active);
            else assertTier(id, tier, 0, false);
        }
    }

    /// @dev The next call comes from `who`, and is refused.
    function expectSoulbound(address who) private {
        vm.prank(who);
        expectError(IMarketErrors.CourseMarket_Soulbound.selector);
    }
}
