// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A token that does and says anything: moves any sum or none, whatever it was asked for.
contract AnyToken {
    uint256 private balance;
    uint256 private moved;
    bool private answer;

    function set(uint256 balance_, uint256 moved_, bool answer_) external {
        (balance, moved, answer) = (balance_, moved_, answer_);
    }

    function balanceOf(address) external view returns (uint256) {
        return balance;
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        balance = moved;
        return answer;
    }

    function transfer(address, uint256) external returns (bool) {
        balance = moved;
        return answer;
    }

    function receiveWithAuthorization(
        address,
        address,
        uint256,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        balance = moved;
    }
}
