// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @notice What the tests do with tokens. They hold no source of them: those are compiled as tokens are
/// deployed, so that the gas figures are what people pay.
interface IToken is IERC20, IERC20Permit {
    function mint(address to, uint256 amount) external;
    function RECEIVE_TYPE() external view returns (bytes32);
    function authorizationState(address from, bytes32 nonce) external view returns (bool);
    function freeze() external;
    function entrance() external view returns (address);
    function shrink(address who, uint256 amount) external;
    function block_(address who) external;
    function mumble(uint256 length, bool fails) external;
    function hook(address target, bytes calldata data) external;
    function succeeded() external view returns (bool);
    function answer() external view returns (bytes memory);
}
