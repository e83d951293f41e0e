// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5192} from "../../src/interfaces/IERC5192.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

contract PassTest is MarketTest {
    uint256 private id;

    function setUp() public override {
        super.setUp();
        buy(course, 2, DEAR);
        id = passId(learner, course, 2);
    }

    function test_HasAnOwner() external view {
        vm.assertEq(market.ownerOf(id), learner);
        vm.assertEq(market.balanceOf(learner), 1);
        vm.assertEq(market.balanceOf(buyer), 0);
    }

    function test_IsLocked() external view {
        vm.assertTrue(market.locked(id));
    }

    function test_HasNobodyApproved() external view {
        vm.assertEq(market.getApproved(id), address(0));
        vm.assertFalse(market.isApprovedForAll(learner, stranger));
        vm.assertFalse(market.isApprovedForAll(learner, learner));
    }

    function test_CountsAcrossWords() external {
        for (uint256 i = 0; i < 70; ++i) {
            buy(list(lister, payee, prices(PRICE)), 0, PRICE);
        }
        vm.assertEq(market.balanceOf(learner), 71);
    }

    function test_DescribesItself() external view {
        string memory image = string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" font-family="serif" fill="#f6f1e7">',
            '<rect width="320" height="320" fill="#1f2a37"/><path d="M32 96h256" stroke="#f6f1e7"/>',
            '<text x="32" y="76" font-size="30">Lectern</text><text x="32" y="232" font-size="64">#1</text>',
            '<text x="32" y="280" font-size="24">Access pass, tier 2</text></svg>'
        );
        string memory json = string.concat(
            '{"name":"Lectern access pass: course 1, tier 2",',
            '"description":"Opens a course on Lectern for its owner. It can not be transferred.",',
            '"image":"data:image/svg+xml;base64,',
            Base64.encode(bytes(image)),
            '","attributes":[{"trait_type":"Course","value":"1"},{"trait_type":"Tier","value":"2"}]}'
        );
        // forge's own parser reads it: it is JSON.
        vm.assertEq(vm.parseJsonString(json, ".name"), "Lectern access pass: course 1, tier 2");
        vm.assertEq(
            market.tokenURI(id), string.concat("data:application/json;base64,", Base64.encode(bytes(json)))
        );
    }

    function test_RevertWhen_OwnerOfUnknown() external {
        uint256[4] memory unknown =
            [passId(learner, course, 0), passId(buyer, course, 2), 0, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; ++i) {
            expectUnknownPass(unknown[i]);
            market.ownerOf(unknown[i]);
        }
    }

    function test_RevertWhen_LockOfUnknown() external {
        expectUnknownPass(id + 1);
        market.locked(id + 1);
    }

    function test_RevertWhen_ApprovalOfUnknown() external {
        expectUnknownPass(id + 1);
        market.getApproved(id + 1);
    }

    function test_RevertWhen_UriOfUnknown() external {
        expectUnknownPass(id + 1);
        market.tokenURI(id + 1);
    }

    function test_RevertWhen_OwnerOfZero() external {
        uint256 zeros = passId(address(0), course, 2);
        expectUnknownPass(zeros);
        market.ownerOf(zeros);
        vm.assertFalse(market.hasPass(address(0), course, 2));
    }

    function test_HasNoAlias() external view {
        vm.assertTrue(market.hasPass(learner, course, 2));
        vm.assertFalse(market.hasPass(learner, course + 2 ** 253, 2));
        vm.assertFalse(market.hasPass(learner, course + 2 ** 93, 2));
        // Tier 10 of course 0 and tier 2 of course 1 share an index.
        vm.assertFalse(market.hasPass(learner, 0, 10));
    }

    function test_RevertWhen_OwnerMovesIt() external {
        refusesToMove(learner, stranger);
    }

    function test_RevertWhen_MovedToItsOwner() external {
        refusesToMove(learner, learner);
    }

    function test_RevertWhen_StrangerMovesIt() external {
        refusesToMove(stranger, stranger);
        refusesToMove(owner, stranger);
    }

    function test_RevertWhen_Approved() external {
        vm.prank(learner);
        expectSoulbound();
        market.approve(stranger, id);
        vm.prank(learner);
        expectSoulbound();
        market.setApprovalForAll(stranger, true);
        vm.assertFalse(market.isApprovedForAll(learner, stranger));
    }

    function test_RevertWhen_BalanceOfZero() external {
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        market.balanceOf(address(0));
    }

    function test_SaysItsName() external view {
        vm.assertEq(market.name(), "Lectern access pass");
        vm.assertEq(market.symbol(), "LECTERN");
    }

    function test_SaysItsInterfaces() external view {
        vm.assertEq(type(IERC5192).interfaceId, bytes4(0xb45a3c0e));
        vm.assertTrue(market.supportsInterface(type(IERC165).interfaceId));
        vm.assertTrue(market.supportsInterface(type(IERC721).interfaceId));
        vm.assertTrue(market.supportsInterface(type(IERC721Metadata).interfaceId));
        vm.assertTrue(market.supportsInterface(type(IERC5192).interfaceId));
        vm.assertFalse(market.supportsInterface(0xffffffff));
        // ERC-721's list of all tokens is not part of it.
        vm.assertFalse(market.supportsInterface(0x780e9d63));
    }

    function refusesToMove(address who, address to) private {
        vm.prank(who);
        expectSoulbound();
        market.transferFrom(learner, to, id);
        vm.prank(who);
        expectSoulbound();
        market.safeTransferFrom(learner, to, id);
        vm.prank(who);
        expectSoulbound();
        market.safeTransferFrom(learner, to, id, "data");
        vm.assertEq(market.ownerOf(id), learner);
        vm.assertFalse(market.hasPass(stranger, course, 2));
    }

    function expectSoulbound() private {
        expectError(IMarketErrors.CourseMarket_Soulbound.selector);
    }

    function expectUnknownPass(uint256 tokenId) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.CourseMarket_UnknownPass.selector, tokenId));
    }
}
