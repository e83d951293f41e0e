// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";

/// @notice A payee whose contract takes no money, but can ask for it to go elsewhere.
contract RefusingPayee {
    ICourseMarket private immutable MARKET;

    constructor(ICourseMarket market) {
        MARKET = market;
    }

    function withdrawTo(address payable to) external {
        MARKET.withdraw(address(0), to);
    }
}
