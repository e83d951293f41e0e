// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";

contract PayoutTest is MarketTest {
    /// @dev Where the market keeps its purses, and who has windows; the tests that use them would fail at
    /// another place.
    uint256 private constant PURSES_SLOT = 7;
    uint256 private constant WINDOWS_SLOT = 10;

    uint256 private windowed;
    address private feePayee = account("fee payee");

    function setUp() public override {
        super.setUp();
        windowed = list(lister, payee, WINDOW, prices(PRICE, PRICE, DEAR));
        vm.prank(owner);
        market.setFeePayee(feePayee);
    }

    // ------------------------------------------------------------------------------------------- maturing

    function test_MaturesByItself() external {
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW) - 1);
        vm.assertEq(payoutOf(payee), 0);
        vm.warp(block.timestamp + 1);
        vm.assertEq(payoutOf(payee), PRICE);
        assertHeld(0, 0);
        vm.assertEq(withdraw(payee), PRICE);
        vm.assertEq(payee.balance, PRICE);
        vm.assertEq(payoutOf(payee), 0);
    }

    function test_MaturesAtTheMidnightAfterTheWindow() external view {
        // START is 17:46:40; fourteen days end at a quarter to six, and the day is rounded up.
        vm.assertEq(windowEnd(WINDOW) % 1 days, 0);
        vm.assertTrue(windowEnd(WINDOW) - START >= 14 days && windowEnd(WINDOW) - START < 15 days);
    }

    function test_MaturesDayByDay() external {
        buy(windowed, 0, PRICE);
        vm.warp(START + 1 days);
        buy(windowed, 2, DEAR);
        vm.warp(START + 15 days);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(withdraw(payee), PRICE);
        assertHeld(DEAR, 0);
        vm.warp(START + 16 days);
        vm.assertEq(withdraw(payee), DEAR);
    }

    function test_MaturesInAnyOrder() external {
        uint256 longest = list(lister, payee, 60, prices(PRICE));
        uint256 shortest = list(lister, payee, 1, prices(DEAR));
        buy(longest, 0, PRICE);
        buy(shortest, 0, DEAR);
        vm.warp(START + 2 days);
        vm.assertEq(withdraw(payee), DEAR);
        vm.warp(START + 61 days);
        vm.assertEq(withdraw(payee), PRICE);
    }

    function test_PaysHeldAndFreeMoneyTogether() external {
        buy(windowed, 0, PRICE);
        buy(course, 2, DEAR);
        vm.assertEq(payoutOf(payee), DEAR);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(withdraw(payee), PRICE + DEAR);
    }

    function test_LosesNothingWhenADayComesRoundAgain() external {
        buy(windowed, 0, PRICE);
        vm.warp(START + 64 days); // the same place in the ring
        buy(windowed, 1, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);
        assertHeld(PRICE, 0);
        vm.warp(START + 128 days);
        buy(windowed, 2, DEAR);
        vm.assertEq(payoutOf(payee), 2 * PRICE);
        vm.assertEq(withdraw(payee), 2 * PRICE);
        vm.warp(START + 500 days);
        vm.assertEq(withdraw(payee), DEAR);
    }

    function test_LosesNoFeeWhenADayComesRoundAgain() external {
        setFee(1000);
        uint256 dust = list(lister, payee, WINDOW, prices(PRICE));
        buy(dust, 0, PRICE);
        vm.warp(START + 64 days);
        buy(windowed, 0, PRICE);
        vm.assertEq(market.feesOf(payee, address(0)), PRICE / 10);
    }

    function test_LosesNotOneUnitWhenADayComesRoundAgain() external {
        uint256 dust = list(lister, payee, WINDOW, prices(1));
        buy(dust, 0, 1);
        vm.warp(START + 64 days);
        buy(windowed, 0, PRICE);
        vm.assertEq(payoutOf(payee), 1);
    }

    function test_TellsWhatIsHeldOnAllDays() external {
        setFee(1000);
        buy(windowed, 0, PRICE);
        vm.warp(START + 1 days);
        buy(windowed, 2, DEAR);
        assertHeld(PRICE - PRICE / 10 + DEAR - DEAR / 10, PRICE / 10 + DEAR / 10);
    }

    function test_SetsUpAPurseForABuyer() external {
        // Whoever names a payee pays for the payee's slot, so that it keeps a day from then on.
        list(lister, stranger, prices(PRICE));
        vm.assertEq(purseOf(stranger), (START / 1 days) << 232);
        vm.prank(lister);
        market.setPayee(course, learner);
        vm.assertEq(purseOf(learner), (START / 1 days) << 232);
    }

    function test_KeepsNothingOfADayThatWasPaid() external {
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        withdraw(payee);
        // All places are looked at again.
        vm.warp(START + 200 days);
        vm.assertEq(payoutOf(payee), 0);
        vm.assertEq(market.feesOf(payee, address(0)), 0);
        assertHeld(0, 0);
    }

    function test_RemembersTheLastLook() external {
        // So that the next one looks at fewer days, and the slot is never empty again.
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        withdraw(payee);
        vm.assertEq(purseOf(payee), (block.timestamp / 1 days) << 232);
    }

    function test_CountsADayOnceAfterSixtyFive() external {
        // The first and the last of 65 days share a place.
        vm.warp(START + 50 days);
        buy(windowed, 0, PRICE);
        vm.warp(START + 65 days);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(withdraw(payee), PRICE);
    }

    function test_FindsWhatMaturedLongAgo() external {
        buy(windowed, 0, PRICE);
        vm.warp(START + 1000 days);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(withdraw(payee), PRICE);
    }

    function test_FindsWhatMaturedSinceYesterday() external {
        for (uint256 day = 0; day < 3; ++day) {
            vm.warp(START + day * 1 days);
            buy(windowed, uint8(day), day == 2 ? DEAR : PRICE);
        }
        vm.warp(START + 15 days);
        vm.assertEq(withdraw(payee), PRICE);
        vm.warp(START + 16 days);
        vm.assertEq(payoutOf(payee), PRICE);
        vm.assertEq(withdraw(payee), PRICE);
        vm.warp(START + 17 days);
        vm.assertEq(payoutOf(payee), DEAR);
        vm.assertEq(withdraw(payee), DEAR);
    }

    function test_PaysAPayeeOfALaterWindow() external {
        // The account was used before it had anything to wait for.
        buy(list(lister, stranger, prices(PRICE)), 0, PRICE);
        withdraw(stranger);
        uint256 before = stranger.balance;
        vm.prank(lister);
        market.setPayee(windowed, stranger);
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(withdraw(stranger), PRICE);
        vm.assertEq(stranger.balance, before + PRICE);
    }

    function test_PaysAPayeeWhoHasNothingButWindows() external {
        buy(list(lister, stranger, WINDOW, prices(PRICE)), 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(withdraw(stranger), PRICE);
    }

    function test_LooksForNothingWithoutAWindow() external {
        // A withdrawal that looks through 64 days is dearer; only who needs that pays it.
        list(lister, stranger, prices(PRICE));
        vm.assertFalse(hasWindows(stranger));
        list(lister, stranger, WINDOW, prices(PRICE));
        list(lister, stranger, prices(PRICE));
        vm.assertTrue(hasWindows(stranger));
    }

    // ----------------------------------------------------------------------------------------------- fees

    function test_TakesNoFeeAtFirst() external {
        vm.assertEq(market.feeBps(), 0);
        buy(course, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE);
    }

    function test_SplitsTheFeeOff() external {
        setFee(250);
        buy(course, 0, PRICE);
        vm.assertEq(payoutOf(payee), PRICE - PRICE / 40);
        vm.assertEq(market.feesOf(payee, address(0)), PRICE / 40);
    }

    function test_RoundsTheFeeDown() external {
        setFee(999);
        uint256 id = list(lister, payee, prices(19));
        buy(id, 0, 19);
        vm.assertEq(market.feesOf(payee, address(0)), 1);
        vm.assertEq(payoutOf(payee), 18);
    }

    function test_ChargesTheFeeOfTheDay() external {
        setFee(1000);
        buy(course, 0, PRICE);
        setFee(0);
        buy(course, 2, DEAR);
        vm.assertEq(market.feesOf(payee, address(0)), PRICE / 10);
        vm.assertEq(payoutOf(payee), PRICE - PRICE / 10 + DEAR);
    }

    function test_FetchesFees() external {
        setFee(1000);
        buy(course, 0, PRICE);
        buy(list(lister, stranger, prices(DEAR)), 0, DEAR);
        vm.expectEmit(address(market));
        emit IMarketTreasury.FeesWithdrawn(feePayee, address(0), PRICE / 10 + DEAR / 10);
        vm.assertEq(fetch(both()), PRICE / 10 + DEAR / 10);
        vm.assertEq(feePayee.balance, PRICE / 10 + DEAR / 10);
        vm.assertEq(market.feesOf(payee, address(0)), 0);
        vm.assertEq(withdraw(payee), PRICE - PRICE / 10);
        vm.assertEq(withdraw(stranger), DEAR - DEAR / 10);
        vm.assertEq(address(market).balance, 0);
    }

    function test_FetchesFeesAfterThePayee() external {
        setFee(1000);
        buy(course, 0, PRICE);
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(withdraw(payee), 2 * PRICE - PRICE / 5);
        vm.assertEq(fetch(one(payee)), PRICE / 5);
        vm.assertEq(address(market).balance, 0);
    }

    function test_FetchesFeesBeforeThePayee() external {
        setFee(1000);
        buy(windowed, 0, PRICE);
        vm.warp(windowEnd(WINDOW));
        vm.assertEq(market.feesOf(payee, address(0)), PRICE / 10);
        vm.assertEq(fetch(one(payee)), PRICE / 10);
        vm.assertEq(withdraw(payee), PRICE - PRICE / 10);
    }

    function test_CountsAPayeeNamedTwiceOnce() external {
        setFee(1000);
        buy(course, 0, PRICE);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (payee, payee);
        vm.assertEq(fetch(twice), PRICE / 10);
    }

    function test_RevertWhen_FeesAreHeld() external {
        setFee(1000);
        buy(windowed, 0, PRICE);
        expectNothing(feePayee);
        fetch(one(payee));
    }

    function test_RevertWhen_FeesFetchedByAnother() external {
        setFee(1000);
        buy(course, 0, PRICE);
        address[3] memory others = [owner, payee, stranger];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IMarketTreasury.CourseMarket_NotFeePayee.selector, others[i])
            );
            market.withdrawFees(address(0), one(payee), others[i]);
        }
    }

    function test_RevertWhen_NoFeesToFetch() external {
        buy(course, 0, PRICE);
        expectNothing(feePayee);
        fetch(one(payee));
        expectNothing(feePayee);
        fetch(new address[](0));
    }

    function test_FetchesFeesInTokens() external {
        IToken token = deployToken("Token", 6);
        allow(token);
        setFee(1000);
        vm.prank(lister);
        market.setTokenPrice(course, 0, address(token), PRICE);
        ICourseMarket.Order memory order = orderFor(course, 0, address(token), PRICE);
        vm.prank(buyer);
        market.purchaseForTokens(order, "");
        vm.prank(feePayee);
        vm.assertEq(market.withdrawFees(address(token), one(payee), stranger), PRICE / 10);
        vm.assertEq(token.balanceOf(stranger), PRICE / 10);
        vm.assertEq(market.feesOf(payee, address(token)), 0);
        vm.prank(payee);
        vm.assertEq(market.withdraw(address(token), payee), PRICE - PRICE / 10);
        vm.assertEq(token.balanceOf(address(market)), 0);
    }

    // -------------------------------------------------------------------------------------------- helpers

    function purseOf(address who) private view returns (uint256) {
        return uint256(vm.load(address(market), keccak256(abi.encode(who, PURSES_SLOT))));
    }

    function hasWindows(address who) private view returns (bool) {
        return vm.load(address(market), keccak256(abi.encode(who, WINDOWS_SLOT))) != 0;
    }

    function fetch(address[] memory payees) private returns (uint256) {
        vm.prank(feePayee);
        return market.withdrawFees(address(0), payees, feePayee);
    }

    function one(address who) private pure returns (address[] memory list_) {
        list_ = new address[](1);
        list_[0] = who;
    }

    function both() private view returns (address[] memory list_) {
        list_ = new address[](2);
        (list_[0], list_[1]) = (payee, stranger);
    }

    function expectNothing(address who) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_NothingToWithdraw.selector, who));
    }

    function assertHeld(uint256 net, uint256 fee) private view {
        (uint256 net_, uint256 fee_) = market.heldFor(payee, address(0));
        vm.assertEq(net_, net);
        vm.assertEq(fee_, fee);
    }
}
