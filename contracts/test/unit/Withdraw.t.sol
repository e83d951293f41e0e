// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {ReentrantPayee} from "../mocks/ReentrantPayee.sol";
import {RefusingPayee} from "../mocks/RefusingPayee.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract WithdrawTest is MarketTest {
    function test_RevertWhen_ReceiverZero() external {
        buy(course, 0, PRICE);
        vm.prank(payee);
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        market.withdraw(address(0), address(0));
    }

    function test_RevertWhen_NothingEarned() external {
        buy(course, 0, PRICE);
        expectNothing(stranger);
    }

    function test_RevertWhen_OwnerWithdraws() external {
        buy(course, 0, PRICE);
        expectNothing(owner);
    }

    function test_RevertWhen_ListerIsNotPayee() external {
        buy(course, 0, PRICE);
        expectNothing(lister);
    }

    function test_RevertWhen_WithdrawnAlready() external {
        buy(course, 0, PRICE);
        vm.prank(payee);
        market.withdraw(address(0), payee);
        expectNothing(payee);
    }

    function test_RevertWhen_ReceiverRefuses() external {
        address refusing = address(new RefusingPayee(market));
        buy(course, 0, PRICE);
        vm.prank(payee);
        expectNotPaid(refusing, PRICE);
        market.withdraw(address(0), refusing);
        vm.assertEq(payoutOf(payee), PRICE);
    }

    function test_RefusingPayeeNamesAnother() external {
        RefusingPayee refusing = new RefusingPayee(market);
        buy(list(lister, address(refusing), prices(PRICE)), 0, PRICE);
        refusing.withdrawTo(payable(stranger));
        vm.assertEq(stranger.balance, PRICE);
        vm.assertEq(payoutOf(address(refusing)), 0);
    }

    function test_RefusingPayeeDoesNotStopSales() external {
        RefusingPayee refusing = new RefusingPayee(market);
        buy(list(lister, address(refusing), prices(PRICE)), 0, PRICE);
        vm.assertEq(payoutOf(address(refusing)), PRICE);
    }

    function test_RevertWhen_ReceiverIsTheMarket() external {
        buy(course, 0, PRICE);
        vm.prank(payee);
        expectNotPaid(address(market), PRICE);
        market.withdraw(address(0), address(market));
    }

    function test_PaysOnceWhenReentered() external {
        buy(course, 0, PRICE); // another payee's money, to be had if anything is wrong
        ReentrantPayee attacker = new ReentrantPayee(market);
        buy(list(lister, address(attacker), prices(PRICE)), 0, PRICE);
        attacker.arm(abi.encodeCall(IMarketTreasury.withdraw, (address(0), address(attacker))), 0);

        attacker.withdraw();
        vm.assertEq(attacker.received(), PRICE);
        vm.assertFalse(attacker.succeeded());
        vm.assertEq(
            keccak256(attacker.answer()),
            keccak256(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector))
        );
        vm.assertEq(address(market).balance, PRICE);
    }

    function test_CountsAPurchaseMadeMeanwhile() external {
        ReentrantPayee attacker = new ReentrantPayee(market);
        uint256 own = list(lister, address(attacker), prices(PRICE));
        buy(own, 0, PRICE);
        attacker.arm(abi.encodeCall(ICourseMarket.purchase, (ORDER, own, 0, stranger)), PRICE);

        attacker.withdraw();
        vm.assertTrue(attacker.succeeded());
        vm.assertTrue(market.hasPass(stranger, own, 0));
        vm.assertEq(payoutOf(address(attacker)), PRICE);
        vm.assertEq(address(market).balance, PRICE);
    }

    function test_ReentryLeavesOthersAlone() external {
        buy(course, 2, DEAR);
        ReentrantPayee attacker = new ReentrantPayee(market);
        buy(list(lister, address(attacker), prices(PRICE)), 0, PRICE);
        attacker.arm(abi.encodeCall(IMarketTreasury.withdraw, (address(0), address(attacker))), 0);
        attacker.withdraw();
        vm.assertEq(payoutOf(payee), DEAR);
        vm.prank(payee);
        market.withdraw(address(0), payee);
        vm.assertEq(payee.balance, DEAR);
    }

    function test_PaysWhilePaused() external {
        buy(course, 0, PRICE);
        pause();
        vm.prank(payee);
        market.withdraw(address(0), payee);
        vm.assertEq(payee.balance, PRICE);
    }

    function test_PaysAFormerPayee() external {
        buy(course, 0, PRICE);
        vm.prank(lister);
        market.setPayee(course, stranger);
        vm.prank(payee);
        market.withdraw(address(0), payee);
        vm.assertEq(payee.balance, PRICE);
    }

    function test_EmitsTheWithdrawal() external {
        buy(course, 0, PRICE);
        vm.expectEmit(address(market));
        emit IMarketTreasury.PayoutWithdrawn(payee, stranger, address(0), PRICE);
        vm.prank(payee);
        market.withdraw(address(0), stranger);
    }

    function test_PaysTheWholeBalance() external {
        buy(course, 0, PRICE);
        buy(course, 2, DEAR);
        vm.prank(payee);
        vm.assertEq(market.withdraw(address(0), stranger), PRICE + DEAR);
        vm.assertEq(stranger.balance, PRICE + DEAR);
        vm.assertEq(payoutOf(payee), 0);
        vm.assertEq(address(market).balance, 0);
    }

    function test_EarnsAgainAfterwards() external {
        buy(course, 0, PRICE);
        vm.prank(payee);
        market.withdraw(address(0), payee);
        buy(course, 2, DEAR);
        vm.assertEq(payoutOf(payee), DEAR);
    }

    function expectNothing(address who) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_NothingToWithdraw.selector, who));
        market.withdraw(address(0), who);
    }
}
