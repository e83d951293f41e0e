// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title DevFeed
/// @notice A price feed for development chains: it answers what anyone tells it to, and is never stale.
/// @dev The part of Chainlink's `AggregatorV3Interface` that Lectern reads.
contract DevFeed {
    /// @notice The digits after the point.
    uint8 public constant decimals = 8;

    int256 private _answer;

    /// @param answer What it answers at first.
    constructor(int256 answer) {
        _answer = answer;
    }

    /// @notice Changes the answer.
    /// @param answer The new one.
    function setAnswer(int256 answer) external {
        _answer = answer;
    }

    /// @notice The newest round: it began and was answered in this very block.
    /// @return roundId Always 1.
    /// @return answer The answer.
    /// @return startedAt The block's time.
    /// @return updatedAt The same.
    /// @return answeredInRound Always 1.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return (1, _answer, block.timestamp, block.timestamp, 1);
    }
}
