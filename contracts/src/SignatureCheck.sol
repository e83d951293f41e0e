// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title SignatureCheck
/// @notice Asks a wallet that is a contract whether a signature is its own (ERC-1271), also one that is not
/// deployed yet and says how it would be (ERC-6492).
/// @dev Never deployed: a node is asked to run the constructor (`eth_call` without a receiver), and answers
/// what would become the code: one byte, 1 or 0. So whatever is called here changes nothing. A signature
/// that can not be read reverts, which is a no.
contract SignatureCheck {
    bytes32 private constant ERC6492_SUFFIX =
        0x6492649264926492649264926492649264926492649264926492649264926492;

    /// @param account The wallet.
    /// @param hash What was signed.
    /// @param signature The signature.
    constructor(address account, bytes32 hash, bytes memory signature) {
        bool valid = _isValid(account, hash, signature);
        // slither-disable-next-line assembly the answer is a byte in place of code
        assembly ("memory-safe") {
            mstore(0, valid)
            return(31, 1)
        }
    }

    function _isValid(address account, bytes32 hash, bytes memory signature) private returns (bool) {
        if (!_isWrapped(signature)) return _approves(account, hash, signature);
        // slither-disable-next-line assembly the suffix is cut off where it stands, not copied
        assembly ("memory-safe") {
            mstore(signature, sub(mload(signature), 32))
        }
        (address factory, bytes memory call, bytes memory inner) =
            abi.decode(signature, (address, bytes, bytes));
        // One that is deployed is asked as it is first: what it has learned since may count.
        if (account.code.length != 0 && _approves(account, hash, inner)) return true;
        // slither-disable-next-line low-level-calls the signer says how the wallet is made
        (bool made,) = factory.call(call);
        return made && _approves(account, hash, inner);
    }

    function _isWrapped(bytes memory signature) private pure returns (bool) {
        uint256 length = signature.length;
        bytes32 last;
        if (length < 32) return false;
        // slither-disable-next-line assembly the last word of bytes in memory can't be read otherwise
        assembly ("memory-safe") {
            last := mload(add(signature, length))
        }
        return last == ERC6492_SUFFIX;
    }

    function _approves(address account, bytes32 hash, bytes memory signature) private view returns (bool) {
        bytes memory call = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        // slither-disable-next-line low-level-calls a wallet that reverts says no
        (bool answered, bytes memory answer) = account.staticcall(call);
        return
            answered && answer.length >= 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }
}
