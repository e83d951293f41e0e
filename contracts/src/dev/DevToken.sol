// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title DevToken
/// @notice A dollar for development chains, as USDC is one elsewhere: with permits (EIP-2612) and
/// authorizations (EIP-3009), and six digits after the point.
/// @dev The part of EIP-3009 that Lectern's market calls.
contract DevToken is ERC20Permit {
    /// @notice The EIP-712 type of an authorization.
    bytes32 public constant RECEIVE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    /// @notice Whether an authorization was used.
    mapping(address from => mapping(bytes32 nonce => bool)) public authorizationState;

    /// @notice The caller is not who the authorization is for, or it is not valid now, was used, or is not
    /// its account's own.
    error DevToken_AuthorizationInvalid();

    /// @param symbol_ The symbol.
    /// @param holders Who has some at first.
    /// @param amount How much each of them has.
    constructor(string memory symbol_, address[] memory holders, uint256 amount)
        ERC20("Development Dollar", symbol_)
        ERC20Permit("Development Dollar")
    {
        for (uint256 i = 0; i < holders.length; ++i) {
            _mint(holders[i], amount);
        }
    }

    /// @notice The digits after the point.
    /// @return Always 6.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Takes what its account authorized the caller to take.
    /// @param from Who pays.
    /// @param to Who is paid: the caller.
    /// @param value How much.
    /// @param validAfter It counts after this second.
    /// @param validBefore It counts before this second.
    /// @param nonce Any number that the account did not use before.
    /// @param v The signature's v.
    /// @param r The signature's r.
    /// @param s The signature's s.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 hash = keccak256(
            abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        bool valid = to == msg.sender && block.timestamp > validAfter && block.timestamp < validBefore
            && !authorizationState[from][nonce] && ECDSA.recover(_hashTypedDataV4(hash), v, r, s) == from;
        if (!valid) revert DevToken_AuthorizationInvalid();
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
    }
}
