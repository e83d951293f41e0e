// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

contract ControlTest is MarketTest {
    function test_HasTheOwnerItWasGiven() external view {
        vm.assertEq(market.owner(), owner);
        vm.assertFalse(market.paused());
    }

    function test_RevertWhen_BornWithoutOwner() external {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        vm.deployCode("CourseMarket.sol:CourseMarket", abi.encode(address(0)));
    }

    function test_RevertWhen_PausedByAnother() external {
        address[3] memory others = [stranger, lister, payee];
        for (uint256 i = 0; i < others.length; ++i) {
            expectUnauthorized(others[i]);
            market.pause();
        }
    }

    function test_RevertWhen_PausedTwice() external {
        pause();
        vm.prank(owner);
        expectError(ICourseMarket.CourseMarket_PurchasesPaused.selector);
        market.pause();
    }

    function test_EmitsThePause() external {
        vm.expectEmit(address(market));
        emit Pausable.Paused(owner);
        pause();
        vm.assertTrue(market.paused());
    }

    function test_PauseStopsPurchasesOnly() external {
        buy(course, 0, PRICE);
        pause();
        vm.assertTrue(market.hasPass(learner, course, 0));
        vm.assertEq(market.payoutOf(payee), PRICE);
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        assertTier(course, 0, DEAR, true);
    }

    function test_RevertWhen_UnpausedByAnother() external {
        pause();
        expectUnauthorized(stranger);
        market.unpause();
    }

    function test_RevertWhen_UnpausedTwice() external {
        vm.prank(owner);
        expectError(ICourseMarket.CourseMarket_PurchasesNotPaused.selector);
        market.unpause();
    }

    function test_EmitsTheUnpause() external {
        pause();
        vm.expectEmit(address(market));
        emit Pausable.Unpaused(owner);
        vm.prank(owner);
        market.unpause();
        vm.assertFalse(market.paused());
    }

    function test_MovesInTwoSteps() external {
        vm.prank(owner);
        market.transferOwnership(stranger);
        vm.assertEq(market.pendingOwner(), stranger);
        vm.prank(stranger);
        market.acceptOwnership();
        vm.assertEq(market.owner(), stranger);
        vm.prank(stranger);
        market.pause();
        expectUnauthorized(owner);
        market.unpause();
    }

    function test_RevertWhen_AcceptedByAnother() external {
        vm.prank(owner);
        market.transferOwnership(stranger);
        expectUnauthorized(lister);
        market.acceptOwnership();
    }

    function test_KeptUntilAccepted() external {
        vm.prank(owner);
        market.transferOwnership(stranger);
        expectUnauthorized(stranger);
        market.pause();
        pause();
    }

    function test_RevertWhen_Renounced() external {
        vm.prank(owner);
        expectError(ICourseMarket.CourseMarket_OwnerRequired.selector);
        market.renounceOwnership();
        vm.assertEq(market.owner(), owner);
        expectUnauthorized(stranger);
        market.renounceOwnership();
    }

    /// @dev The next call comes from `who`, and is refused.
    function expectUnauthorized(address who) private {
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, who));
    }
}
