// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IERC5192} from "../../src/interfaces/IERC5192.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

/// @notice All that the market answers to. The tests hold no source of the market: it is compiled as it is
/// deployed, they are compiled fast.
interface IMarket is ICourseMarket, IERC721Metadata, IERC5192 {
    function paused() external view returns (bool);
    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    function transferOwnership(address newOwner) external;
    function acceptOwnership() external;
    function renounceOwnership() external view;
}
