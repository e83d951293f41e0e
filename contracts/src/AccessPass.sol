// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5192} from "./interfaces/IERC5192.sol";
import {IMarketErrors} from "./interfaces/IMarketErrors.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title AccessPass
/// @notice Non-transferable access passes: ERC-721's and ERC-5192's surface over one bit per pass.
/// @dev A token's id holds its pass index and its owner, so that nothing is stored per token. A pass of a
/// course without a money-back window is one bit; 256 of them share a word per owner. A pass of a course with
/// one is a record of its own: the hash of its purchase, from which a refund is checked. ERC-5192's `Locked` event, which is optional ("should"), is left out: {locked}
/// says the same, and the event would add a thousand gas to each purchase.
abstract contract AccessPass is IMarketErrors, IERC721Metadata, IERC5192 {
    using Strings for uint256;

    /// @dev 256 passes of one owner. A struct, so that a pointer to it can be read and written with one hash.
    struct Word {
        uint256 bits;
    }

    /// @dev Tiers per course; a power of two, so that an index is a shift.
    uint8 internal constant MAX_TIERS = 8;
    uint256 private constant TIER_BITS = 3;

    /// @dev An owner's address in a token id.
    uint256 private constant OWNER_BITS = 160;
    /// @dev What is left for the course's id: 256 bits less the owner's and the tier's.
    uint256 private constant COURSE_BITS = 93;

    /// @dev Tells a record from the time of a refund.
    uint256 private constant RECORDED = 2 ** 255;

    /// @dev Keyed by `bucket << 160 | owner` with `bucket = passIndex / 256`: one hash where a nested mapping
    /// takes two.
    mapping(uint256 ownerAndBucket => Word) private _passes;
    /// @dev The hash of the purchase with {RECORDED} set; or when it was refunded, in seconds; or nothing.
    mapping(uint256 passId => uint256) private _records;

    // ------------------------------------------------------------------------------------------- metadata

    /// @inheritdoc IERC721Metadata
    function name() external pure returns (string memory) {
        return "Lectern access pass";
    }

    /// @inheritdoc IERC721Metadata
    function symbol() external pure returns (string memory) {
        return "LECTERN";
    }

    /// @inheritdoc IERC721Metadata
    /// @dev A data URI; nothing in it is text that a person chose.
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        (, uint256 passIndex) = _requirePass(tokenId);
        string memory course = (passIndex >> TIER_BITS).toString();
        string memory tier = (passIndex % MAX_TIERS).toString();
        bytes memory image = abi.encodePacked(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" font-family="serif" fill="#f6f1e7">',
            '<rect width="320" height="320" fill="#1f2a37"/><path d="M32 96h256" stroke="#f6f1e7"/>',
            '<text x="32" y="76" font-size="30">Lectern</text><text x="32" y="232" font-size="64">#',
            course,
            '</text><text x="32" y="280" font-size="24">Access pass, tier ',
            tier,
            "</text></svg>"
        );
        bytes memory json = abi.encodePacked(
            '{"name":"Lectern access pass: course ',
            course,
            ", tier ",
            tier,
            '","description":"Opens a course on Lectern for its owner. It can not be transferred.",',
            '"image":"data:image/svg+xml;base64,',
            Base64.encode(image),
            '","attributes":[{"trait_type":"Course","value":"',
            course,
            '"},{"trait_type":"Tier","value":"',
            tier,
            '"}]}'
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc IERC721
    function ownerOf(uint256 tokenId) external view returns (address owner) {
        (owner,) = _requirePass(tokenId);
    }

    /// @inheritdoc IERC721
    /// @dev Counts the bits of the owner's words, one word per 32 listed courses, and looks at each tier of
    /// each course with a window: a counter would make each purchase dearer by a storage slot. It is meant
    /// for wallets; contracts that gate by pass should ask `hasPass`.
    function balanceOf(address owner) external view returns (uint256 balance) {
        if (owner == address(0)) revert CourseMarket_ZeroAddress();
        balance = _countRecords(owner);
        uint256 last = _lastPassIndex() >> 8;
        for (uint256 bucket = 0; bucket <= last; ++bucket) {
            // Each round clears the lowest bit that is set.
            for (uint256 word = _passes[_wordKey(owner, bucket)].bits; word != 0; word &= word - 1) {
                ++balance;
            }
        }
    }

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool) {
        _requirePass(tokenId);
        return true;
    }

    /// @inheritdoc IERC721
    /// @dev Always the zero address: nothing can be approved.
    function getApproved(uint256 tokenId) external view returns (address) {
        _requirePass(tokenId);
        return address(0);
    }

    /// @inheritdoc IERC721
    /// @dev Always false: nobody can be approved.
    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == type(IERC721Metadata).interfaceId || interfaceId == type(IERC5192).interfaceId;
    }

    // ------------------------------------------------------------------------------- what a pass refuses

    /// @inheritdoc IERC721
    /// @dev Refused.
    function transferFrom(address, address, uint256) external pure {
        revert CourseMarket_Soulbound();
    }

    /// @inheritdoc IERC721
    /// @dev Refused.
    function safeTransferFrom(address, address, uint256) external pure {
        revert CourseMarket_Soulbound();
    }

    /// @inheritdoc IERC721
    /// @dev Refused.
    function safeTransferFrom(address, address, uint256, bytes calldata) external pure {
        revert CourseMarket_Soulbound();
    }

    /// @inheritdoc IERC721
    /// @dev Refused.
    function approve(address, uint256) external pure {
        revert CourseMarket_Soulbound();
    }

    /// @inheritdoc IERC721
    /// @dev Refused.
    function setApprovalForAll(address, bool) external pure {
        revert CourseMarket_Soulbound();
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev The highest pass index that can have been minted.
    function _lastPassIndex() internal view virtual returns (uint256);

    /// @dev How many recorded passes an owner has.
    function _countRecords(address owner) internal view virtual returns (uint256);

    /// @dev The index of a course's tier, for arguments that a stranger chose. Where `possible` is false the
    /// index may be another course's and must not be used.
    function _passIndex(uint256 courseId, uint8 tier)
        internal
        pure
        returns (bool possible, uint256 passIndex)
    {
        possible = tier < MAX_TIERS && courseId >> COURSE_BITS == 0;
        passIndex = _knownPassIndex(courseId, tier);
    }

    /// @dev The index of a tier below {MAX_TIERS} of a listed course.
    function _knownPassIndex(uint256 courseId, uint8 tier) internal pure returns (uint256) {
        return courseId << TIER_BITS | tier;
    }

    /// @dev What {_knownPassIndex} was made of.
    function _courseAndTier(uint256 passIndex) internal pure returns (uint256 courseId, uint8 tier) {
        // forge-lint: disable-next-line(unsafe-typecast) below {MAX_TIERS}
        return (passIndex >> TIER_BITS, uint8(passIndex % MAX_TIERS));
    }

    /// @dev A pass's token id.
    function _passId(address owner, uint256 passIndex) internal pure returns (uint256) {
        return passIndex << OWNER_BITS | uint160(owner);
    }

    /// @dev Gives an owner a pass.
    /// @return fresh False if the owner had it before.
    function _markOwned(address owner, uint256 passIndex) internal returns (bool fresh) {
        // forge-lint: disable-next-line(incorrect-shift) one, shifted by the index
        uint256 bit = 1 << (passIndex & 0xff);
        Word storage word = _passes[_wordKey(owner, passIndex >> 8)];
        uint256 bits = word.bits;
        fresh = bits & bit == 0;
        word.bits = bits | bit;
    }

    /// @dev Gives an owner a pass whose purchase can be refunded.
    /// @return fresh False if the owner had it before.
    function _markRecorded(uint256 passId, bytes32 purchaseHash) internal returns (bool fresh) {
        fresh = _records[passId] < RECORDED;
        _records[passId] = uint256(purchaseHash) | RECORDED;
    }

    /// @dev Takes a pass back, and remembers when.
    function _burnRecorded(uint256 passId) internal {
        _records[passId] = block.timestamp;
    }

    /// @dev Whether this purchase gave the owner the recorded pass that they have.
    function _isRecorded(uint256 passId, bytes32 purchaseHash) internal view returns (bool) {
        return _records[passId] == uint256(purchaseHash) | RECORDED;
    }

    /// @dev Whether a recorded pass is there.
    function _hasRecord(uint256 passId) internal view returns (bool) {
        return _records[passId] >= RECORDED;
    }

    /// @dev When a pass that is not there was refunded last; 0 if never.
    function _refundedAt(uint256 passId) internal view returns (uint256) {
        return _records[passId];
    }

    /// @dev Whether an owner has a pass, of whichever kind.
    function _owns(address owner, uint256 passIndex) internal view returns (bool) {
        return _passes[_wordKey(owner, passIndex >> 8)].bits >> (passIndex & 0xff) & 1 == 1
            || _hasRecord(_passId(owner, passIndex));
    }

    /// @dev Takes a token id apart, or reverts if no such pass was minted.
    function _requirePass(uint256 tokenId) private view returns (address owner, uint256 passIndex) {
        // forge-lint: disable-next-line(unsafe-typecast) the low 160 bits are the owner
        owner = address(uint160(tokenId));
        passIndex = tokenId >> OWNER_BITS;
        if (!_owns(owner, passIndex)) revert CourseMarket_UnknownPass(tokenId);
    }

    /// @dev Where the word of 256 passes lies.
    function _wordKey(address owner, uint256 bucket) private pure returns (uint256) {
        return bucket << OWNER_BITS | uint160(owner);
    }
}
