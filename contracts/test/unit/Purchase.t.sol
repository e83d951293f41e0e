// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OfferLib} from "../../src/Offer.sol";
import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketControl} from "../../src/interfaces/IMarketControl.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {RefusingPayee} from "../mocks/RefusingPayee.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

contract PurchaseTest is MarketTest {
    function test_RevertWhen_Paused() external {
        pause();
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
        buy(course, 0, PRICE);
    }

    function test_SellsAfterAPause() external {
        pause();
        vm.prank(owner);
        market.unpause();
        buy(course, 0, PRICE);
        vm.assertTrue(market.hasPass(learner, course, 0));
    }

    function test_RevertWhen_CourseUnknown() external {
        expectUnknownCourse(0);
        buy(0, 0, PRICE);
        expectUnknownCourse(course + 1);
        buy(course + 1, 0, PRICE);
    }

    function test_RevertWhen_CourseIdAliases() external {
        // Shifted by the tier's three bits these would be `course` again, or reach into the owner's part.
        uint256[3] memory ids = [course + 2 ** 253, course + 2 ** 93, type(uint256).max];
        for (uint256 i = 0; i < ids.length; ++i) {
            expectUnknownCourse(ids[i]);
            buy(ids[i], 0, PRICE);
        }
    }

    function test_RevertWhen_TierMissing() external {
        expectNotForSale(course, 1);
        buy(course, 1, 0);
    }

    function test_RevertWhen_TierPastTheList() external {
        expectNotForSale(course, 3);
        buy(course, 3, PRICE);
    }

    function test_RevertWhen_TierAliases() external {
        uint256 next = list(lister, payee, prices(PRICE));
        vm.assertEq(next, course + 1);
        expectNotForSale(course, 8);
        buy(course, 8, PRICE);
        expectNotForSale(course, 255);
        buy(course, 255, PRICE);
    }

    function test_RevertWhen_TierInactive() external {
        vm.prank(lister);
        market.setTier(course, 0, PRICE, false);
        expectNotForSale(course, 0);
        buy(course, 0, PRICE);
    }

    function test_RevertWhen_Underpaid_Case13() external {
        expectWrongPrice(PRICE, PRICE - 1);
        buy(course, 0, PRICE - 1);
    }

    function test_RevertWhen_Overpaid() external {
        expectWrongPrice(PRICE, PRICE + 1);
        buy(course, 0, PRICE + 1);
    }

    function test_RevertWhen_NothingPaid() external {
        expectWrongPrice(PRICE, 0);
        buy(course, 0, 0);
    }

    function test_RevertWhen_PriceChanged() external {
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        expectWrongPrice(DEAR, PRICE);
        buy(course, 0, PRICE);
        buy(course, 0, DEAR);
    }

    function test_RevertWhen_BeneficiaryZero() external {
        vm.prank(buyer);
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        market.purchase{value: PRICE}(ORDER, course, 0, address(0));
    }

    function test_RevertWhen_AlreadyOwned() external {
        buy(course, 0, PRICE);
        expectAlreadyOwned(learner, course, 0);
        buy(course, 0, PRICE);

        vm.deal(learner, PRICE);
        vm.prank(learner);
        expectAlreadyOwned(learner, course, 0);
        market.purchase{value: PRICE}(keccak256("another order"), course, 0, learner);
    }

    function test_SecondBuyerKeepsTheirMoney() external {
        buy(course, 0, PRICE);
        uint256 before = buyer.balance;
        expectAlreadyOwned(learner, course, 0);
        buy(course, 0, PRICE);
        vm.assertEq(buyer.balance, before);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(address(market).balance, PRICE);
    }

    function test_RevertWhen_OwnedAndRepriced() external {
        buy(course, 0, PRICE);
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        expectAlreadyOwned(learner, course, 0);
        buy(course, 0, DEAR);
    }

    function test_EmitsPurchaseAndTransfer() external {
        vm.expectEmit(address(market));
        emit ICourseMarket.CoursePurchased(ORDER, learner, course, 2, address(0), DEAR);
        vm.expectEmit(address(market));
        emit IERC721.Transfer(address(0), learner, passId(learner, course, 2));
        buy(course, 2, DEAR);
    }

    function test_GivesThePassToTheBeneficiaryOnly() external {
        buy(course, 0, PRICE);
        vm.assertTrue(market.hasPass(learner, course, 0));
        vm.assertFalse(market.hasPass(buyer, course, 0));
        vm.assertFalse(market.hasPass(learner, course, 1));
        vm.assertFalse(market.hasPass(learner, course, 2));
        vm.assertEq(market.ownerOf(passId(learner, course, 0)), learner);
    }

    function test_CreditsThePayee() external {
        buy(course, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(payoutOf(lister), 0);
        vm.assertEq(payoutOf(owner), 0);
        vm.assertEq(address(market).balance, PRICE);
    }

    function test_CreditsThePayeeOfTheDay() external {
        buy(course, 0, PRICE);
        vm.prank(lister);
        market.setPayee(course, stranger);
        buy(course, 2, DEAR);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(payoutOf(stranger), DEAR);
    }

    function test_SellsAnotherTier() external {
        buy(course, 0, PRICE);
        buy(course, 2, DEAR);
        vm.assertTrue(market.hasPass(learner, course, 0));
        vm.assertTrue(market.hasPass(learner, course, 2));
        vm.assertEq(market.balanceOf(learner), 2);
    }

    function test_KeepsCoursesApart() external {
        // 40 courses: their passes reach into a second word.
        uint256 last = course;
        for (uint256 i = 0; i < 39; ++i) {
            last = list(lister, payee, prices(PRICE));
        }
        buy(course, 0, PRICE);
        buy(last, 0, PRICE);
        for (uint256 id = course; id <= last; ++id) {
            vm.assertTrue(market.hasPass(learner, id, 0) == (id == course || id == last));
        }
        vm.assertEq(market.balanceOf(learner), 2);
    }

    function test_KeepsOwnersApart() external {
        // Course 33 is the second in the second word; the two owners differ in the bit next to a word's number.
        for (uint256 i = 0; i < 32; ++i) {
            list(lister, payee, prices(PRICE));
        }
        buy(course + 32, 0, PRICE);
        address other = address(uint160(learner) ^ 2 ** 159);
        vm.assertFalse(market.hasPass(other, course, 0));
        vm.assertFalse(market.hasPass(other, course + 32, 0));
        vm.assertFalse(market.hasPass(learner, course, 0));
        vm.assertEq(market.balanceOf(other), 0);
    }

    function test_SellsToAContract() external {
        address wallet = address(new RefusingPayee(market));
        vm.prank(buyer);
        market.purchase{value: PRICE}(ORDER, course, 0, wallet);
        vm.assertTrue(market.hasPass(wallet, course, 0));
    }

    function test_SellsAtTheHighestPrice() external {
        uint96 highest = uint96(OfferLib.MAX_PRICE);
        uint256 dearest = list(lister, payee, prices(highest));
        vm.deal(buyer, highest);
        buy(dearest, 0, highest);
        vm.assertEq(payoutOf(payee), highest);
    }

    function test_OrderIdIsNotUnique() external {
        buy(course, 0, PRICE);
        vm.prank(buyer);
        market.purchase{value: PRICE}(ORDER, course, 0, stranger);
        vm.assertTrue(market.hasPass(stranger, course, 0));
    }

    function test_RefusesPlainMoney() external {
        vm.prank(buyer);
        (bool sent,) = address(market).call{value: PRICE}("");
        vm.assertFalse(sent);
    }

    function test_RefusesUnknownCalls() external {
        vm.prank(buyer);
        (bool sent,) = address(market).call{value: PRICE}(abi.encodeWithSignature("donate()"));
        vm.assertFalse(sent);
    }

    function test_ForcedMoneyIsNobodys() external {
        // As a block's reward or a contract that destroys itself can.
        vm.deal(address(market), 1 ether);
        buy(course, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);

        vm.prank(payee);
        vm.assertEq(market.withdraw(address(0), payee), PRICE);
        vm.assertEq(address(market).balance, 1 ether);
    }

    function expectUnknownCourse(uint256 courseId) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownCourse.selector, courseId));
    }

    function expectNotForSale(uint256 courseId, uint8 tier) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_TierNotForSale.selector, courseId, tier)
        );
    }

    function expectWrongPrice(uint256 required, uint256 sent) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_WrongPrice.selector, required, sent)
        );
    }

    function expectAlreadyOwned(address holder, uint256 courseId, uint8 tier) private {
        vm.expectRevert(
            abi.encodeWithSelector(ICourseMarket.CourseMarket_AlreadyOwned.selector, holder, courseId, tier)
        );
    }
}
