// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";

/// @notice A payee that calls the market again while it is being paid.
contract ReentrantPayee {
    ICourseMarket private immutable MARKET;

    /// @notice What it does when money arrives.
    bytes public attack;
    uint256 public attackValue;
    /// @notice How the market answered.
    bool public succeeded;
    bytes public answer;
    uint256 public received;

    constructor(ICourseMarket market) {
        MARKET = market;
    }

    function arm(bytes calldata attack_, uint256 value) external {
        attack = attack_;
        attackValue = value;
    }

    function withdraw() external {
        MARKET.withdraw(address(0), address(this));
    }

    receive() external payable {
        received += msg.value;
        (succeeded, answer) = address(MARKET).call{value: attackValue}(attack);
    }
}
