// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarket} from "./IMarket.sol";
import {IToken} from "./IToken.sol";
import {Vm} from "./Vm.sol";

/// @notice What the platform and payers sign.
library Signatures {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 private constant PERMIT_TYPE =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /// @dev A signature over an order.
    function quote(uint256 key, IMarket market, ICourseMarket.Order memory order)
        internal
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, market.orderDigest(order));
        return abi.encodePacked(r, s, v);
    }

    /// @dev A permit to the market.
    function permit(uint256 key, IMarket market, IToken token, uint256 amount)
        internal
        view
        returns (ICourseMarket.Permit memory given)
    {
        address from = vm.addr(key);
        given.deadline = block.timestamp + 15 minutes;
        bytes32 hash = keccak256(
            abi.encode(PERMIT_TYPE, from, address(market), amount, token.nonces(from), given.deadline)
        );
        (given.v, given.r, given.s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash)));
    }

    /// @dev An authorization to the market, for an order.
    function authorization(uint256 key, IMarket market, IToken token, ICourseMarket.Order memory order)
        internal
        view
        returns (ICourseMarket.Authorization memory given)
    {
        given.from = vm.addr(key);
        given.validAfter = block.timestamp - 1;
        given.validBefore = block.timestamp + 15 minutes;
        bytes32 hash = keccak256(
            abi.encode(
                token.RECEIVE_TYPE(),
                given.from,
                address(market),
                order.amount,
                given.validAfter,
                given.validBefore,
                market.orderDigest(order)
            )
        );
        (given.v, given.r, given.s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash)));
    }
}
