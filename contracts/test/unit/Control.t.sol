// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketControl} from "../../src/interfaces/IMarketControl.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
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
        expectError(IMarketControl.CourseMarket_PurchasesPaused.selector);
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
        vm.assertEq(payoutOf(payee), PRICE);
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
        expectError(IMarketControl.CourseMarket_PurchasesNotPaused.selector);
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

    function test_PauserPauses() external {
        vm.prank(owner);
        vm.expectEmit(address(market));
        emit IMarketControl.PauserChanged(stranger);
        market.setPauser(stranger);
        vm.assertEq(market.pauser(), stranger);
        vm.prank(stranger);
        market.pause();
        vm.assertTrue(market.paused());
        expectUnauthorized(stranger);
        market.unpause();
        vm.prank(owner);
        market.unpause();
        pause();
    }

    function test_NamesTheQuoteSigner() external {
        vm.assertEq(market.quoteSigner(), vm.addr(SIGNER_KEY));
        vm.prank(owner);
        vm.expectEmit(address(market));
        emit IMarketControl.QuoteSignerChanged(stranger);
        market.setQuoteSigner(stranger);
        vm.assertEq(market.quoteSigner(), stranger);
    }

    function test_NamesTheFeePayee() external {
        vm.prank(owner);
        vm.expectEmit(address(market));
        emit IMarketControl.FeePayeeChanged(stranger);
        market.setFeePayee(stranger);
        vm.assertEq(market.feePayee(), stranger);
    }

    function test_NamesNobodyTheFeePayee() external {
        vm.prank(owner);
        market.setFeePayee(stranger);
        vm.prank(owner);
        market.setFeePayee(address(0));
        vm.assertEq(market.feePayee(), address(0));
    }

    function test_RevertWhen_FeePayeeIsTheMarket() external {
        vm.prank(owner);
        market.setFeePayee(stranger);
        vm.prank(owner);
        expectNotPaid(address(market), 0);
        market.setFeePayee(address(market));
        vm.assertEq(market.feePayee(), stranger);
    }

    function test_SetsTheFee() external {
        vm.prank(owner);
        vm.expectEmit(address(market));
        emit IMarketControl.FeeChanged(1000);
        market.setFee(1000);
        vm.assertEq(market.feeBps(), 1000);
        vm.assertEq(market.MAX_FEE_BPS(), 1000);
    }

    function test_RevertWhen_FeeIsTooHigh() external {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IMarketControl.CourseMarket_FeeTooHigh.selector, 1000, 1001));
        market.setFee(1001);
    }

    function test_RevertWhen_RolesNamedByAnother() external {
        expectUnauthorized(stranger);
        market.setPauser(stranger);
        expectUnauthorized(stranger);
        market.setQuoteSigner(stranger);
        expectUnauthorized(stranger);
        market.setFeePayee(stranger);
        expectUnauthorized(stranger);
        market.setFee(0);
    }

    function test_FitsOntoAChain() external view {
        // EIP-170 and EIP-3860.
        vm.assertTrue(address(market).code.length <= 24_576);
        vm.assertTrue(vm.getCode("CourseMarket.sol:CourseMarket").length <= 49_152);
    }

    function test_SaysItsDomain() external view {
        (, string memory name, string memory version, uint256 chainId, address market_,,) =
            IERC5267(address(market)).eip712Domain();
        vm.assertEq(name, "CourseMarket");
        vm.assertEq(version, "2");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(market_, address(market));
    }

    function test_DigestsAnOrder() external view {
        ICourseMarket.Order memory order = orderFor(course, 2, address(0xfee), DEAR);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("CourseMarket"),
                keccak256("2"),
                block.chainid,
                address(market)
            )
        );
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Order(bytes32 orderId,uint256 courseId,uint8 tier,address beneficiary,address token,uint256 amount,uint256 deadline)"
                ),
                ORDER,
                course,
                2,
                learner,
                address(0xfee),
                DEAR,
                order.deadline
            )
        );
        vm.assertEq(market.orderDigest(order), keccak256(abi.encodePacked(hex"1901", domain, hash)));
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
        expectError(IMarketControl.CourseMarket_OwnerRequired.selector);
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
