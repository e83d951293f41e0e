// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Control} from "./Control.sol";
import {Holding, HoldingLib} from "./Holding.sol";
import {Purse, PurseLib} from "./Purse.sol";
import {IMarketTreasury} from "./interfaces/IMarketTreasury.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Treasury
/// @notice The money: who is owed what, from which day on, and how it comes in and goes out.
/// @dev Each payee has per currency one purse of what is theirs (its day: until when held money was looked
/// through) and a ring of 64 purses of what is held (their day: from when on it is theirs). A window has at
/// most 60 days, so of two sales in one place of the ring that mature on different days the older has matured.
///
/// No sum in a purse can overflow: {Holding} bounds the sum of all purses of a token, and no chain has 2^116
/// units of its own coin.
abstract contract Treasury is IMarketTreasury, Control, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Places in the ring. Places are counted from 1, place 0 is the purse of what is theirs.
    uint256 private constant RING = 64;

    /// @dev Bits in a key: the payee, the currency, the place.
    uint256 private constant CURRENCY_SHIFT = 160;
    uint256 private constant PLACE_SHIFT = 176;

    /// @dev The chain's own coin, as an address and as a part in keys.
    address internal constant COIN = address(0);
    uint256 internal constant COIN_CURRENCY = 0;

    /// @dev Keyed by `place << 176 | currency << 160 | payee`: one hash where nested mappings take three.
    mapping(uint256 key => Purse) private _purses;
    mapping(address token => Holding) private _tokens;
    /// @dev Every token that ever was on the list: that with the id 1 first.
    address[] internal _tokenList;
    /// @dev Who was ever the payee of a course with a window: the others have nothing to look through.
    mapping(address payee => bool) private _hasWindows;

    // --------------------------------------------------------------------------------------------- paying

    /// @inheritdoc IMarketTreasury
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        uint256 currency = _currency(token);
        Purse purse = _gather(msg.sender, currency);
        amount = purse.net();
        if (amount == 0) revert CourseMarket_NothingToWithdraw(msg.sender);

        _purses[_key(msg.sender, currency, 0)] = purse.minus(amount, 0);
        emit PayoutWithdrawn(msg.sender, to, token, amount);
        _send(token, to, amount);
    }

    /// @inheritdoc IMarketTreasury
    function withdrawFees(address token, address[] calldata payees, address to)
        external
        nonReentrant
        returns (uint256 amount)
    {
        if (msg.sender != feePayee) revert CourseMarket_NotFeePayee(msg.sender);
        uint256 currency = _currency(token);
        for (uint256 i = 0; i < payees.length; ++i) {
            Purse purse = _gather(payees[i], currency);
            uint256 fee = purse.fee();
            amount += fee;
            _purses[_key(payees[i], currency, 0)] = purse.minus(0, fee);
        }
        if (amount == 0) revert CourseMarket_NothingToWithdraw(msg.sender);

        emit FeesWithdrawn(to, token, amount);
        _send(token, to, amount);
    }

    /// @inheritdoc IMarketTreasury
    function setTokenAllowed(address token, bool allowed) external onlyOwner {
        if (token.code.length == 0) revert CourseMarket_NotAToken(token);
        Holding known = _tokens[token];
        uint256 id = known.id();
        if (id == 0) {
            if (_tokenList.length == type(uint16).max) revert CourseMarket_TooManyTokens();
            _tokenList.push(token);
            id = _tokenList.length;
        }
        _tokens[token] = HoldingLib.pack(id, allowed, known.held());
        emit TokenAllowed(token, allowed);
    }

    /// @inheritdoc IMarketTreasury
    /// @dev The token is whatever the owner names: it may be another address of one on the list, or of the
    /// chain's own coin. So what counts is what the market has of all that it owes in, before and after.
    function rescueERC20(address token, address to, uint256 amount) external onlyOwner nonReentrant {
        if (token.code.length == 0) revert CourseMarket_NotAToken(token);
        if (to == address(0)) revert CourseMarket_ZeroAddress();
        uint256 surplus = Math.saturatingSub(_balanceOf(token), _tokens[token].held());
        if (amount == 0 || amount > surplus) revert CourseMarket_NotSurplus(token, surplus, amount);

        uint256 coins = address(this).balance;
        uint256[] memory before = _toBeLeft(token);
        emit ERC20Rescued(token, to, amount);
        // Not by {_trySend}: no purse held it, so no less is held now.
        if (to == address(this) || !IERC20(token).trySafeTransfer(to, amount)) {
            revert CourseMarket_TransferFailed(to, amount);
        }
        uint256[] memory left = _toBeLeft(token);
        for (uint256 i = 0; i < before.length; ++i) {
            // More than before does no harm: a token may pay interest when it is moved.
            if (left[i] < before[i]) {
                revert CourseMarket_TokenShrank(_tokenList[i], before[i], left[i]);
            }
        }
        if (address(this).balance < coins) {
            revert CourseMarket_TokenShrank(COIN, coins, address(this).balance);
        }
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc IMarketTreasury
    function payoutOf(address payee, address token) external view returns (uint256) {
        return _matured(payee, token).net();
    }

    /// @inheritdoc IMarketTreasury
    function feesOf(address payee, address token) external view returns (uint256) {
        return _matured(payee, token).fee();
    }

    /// @inheritdoc IMarketTreasury
    function heldFor(address payee, address token) external view returns (uint256 net, uint256 fee) {
        uint256 currency = _currency(token);
        for (uint256 place = 1; place <= RING; ++place) {
            Purse purse = _purses[_key(payee, currency, place)];
            if (purse.day() <= _today()) continue;
            net += purse.net();
            fee += purse.fee();
        }
    }

    /// @inheritdoc IMarketTreasury
    function isTokenAllowed(address token) external view returns (bool) {
        return _tokens[token].allowed();
    }

    // ---------------------------------------------------------------------------------------- money comes

    /// @dev The part in keys of a token that purchases may be paid in.
    function _allowedCurrency(address token) internal view returns (uint256) {
        Holding known = _tokens[token];
        if (!known.allowed()) revert CourseMarket_TokenNotAllowed(token);
        return known.id();
    }

    /// @dev Credits a payee with what they can withdraw at once.
    function _credit(address payee, uint256 currency, uint256 net, uint256 fee) internal {
        uint256 key = _key(payee, currency, 0);
        _purses[key] = _purses[key].plus(net, fee);
    }

    /// @dev Credits a payee with what they can withdraw from a day on.
    function _hold(address payee, uint256 currency, uint256 day, uint256 net, uint256 fee) internal {
        uint256 key = _key(payee, currency, _place(day));
        Purse purse = _purses[key];
        if (purse.day() != day) {
            // 64 days old or older: matured, and perhaps not withdrawn.
            if (purse.net() | purse.fee() != 0) _credit(payee, currency, purse.net(), purse.fee());
            purse = PurseLib.pack(day, 0, 0);
        }
        _purses[key] = purse.plus(net, fee);
    }

    /// @dev Takes back what was held until a day that has not come.
    function _release(address payee, uint256 currency, uint256 day, uint256 net, uint256 fee) internal {
        uint256 key = _key(payee, currency, _place(day));
        _purses[key] = _purses[key].minus(net, fee);
    }

    /// @dev Notes that so much of a token is about to come in.
    /// @return currency The token's part in keys.
    /// @return balance What the market has of it now.
    function _expect(address token, uint256 amount) internal returns (uint256 currency, uint256 balance) {
        Holding known = _tokens[token];
        if (!known.allowed()) revert CourseMarket_TokenNotAllowed(token);
        currency = known.id();
        uint256 held = known.held();
        balance = _balanceOf(token);
        if (balance < held) revert CourseMarket_TokenShrank(token, held, balance);
        // An amount has 96 bits, and what is held 120.
        unchecked {
            if (held + amount > PurseLib.MAX_SUM) revert CourseMarket_TokenBooksFull(token);
        }
        _tokens[token] = known.plus(amount);
    }

    /// @dev Looks that what came in is what was expected, to the unit.
    function _checkReceived(address token, uint256 before, uint256 amount) internal view {
        uint256 received = _balanceOf(token) - before;
        if (received != amount) revert CourseMarket_WrongTokenAmount(token, amount, received);
    }

    /// @dev Whoever names a payee sets up their purse, so that no buyer does.
    function _openPurse(address payee, bool window) internal {
        uint256 key = _key(payee, COIN_CURRENCY, 0);
        if (Purse.unwrap(_purses[key]) == 0) _purses[key] = PurseLib.pack(_today(), 0, 0);
        if (window && !_hasWindows[payee]) _hasWindows[payee] = true;
    }

    // ----------------------------------------------------------------------------------------- money goes

    /// @dev Sends money that no purse holds any more, or reverts.
    function _send(address token, address to, uint256 amount) internal {
        if (to == address(0)) revert CourseMarket_ZeroAddress();
        if (!_trySend(token, to, amount)) revert CourseMarket_TransferFailed(to, amount);
    }

    /// @dev Sends money that no purse holds any more, or answers false and leaves all as it was. Reverts for a
    /// token that takes more than that from the market: the rest of it would be others' money.
    function _trySend(address token, address to, uint256 amount) internal returns (bool sent) {
        // A token would take it, and the money would be nobody's.
        if (to == address(this)) return false;
        if (token == COIN) return LowLevelCall.callNoReturn(to, amount, "");
        (bool answered, uint256 before) = _tryBalanceOf(token);
        if (!answered || !IERC20(token).trySafeTransfer(to, amount)) return false;
        uint256 left = _balanceOf(token);
        // What it had, not what it owes: of a token that shrank, what is left is still paid.
        if (left + amount < before) revert CourseMarket_TokenShrank(token, before - amount, left);
        _tokens[token] = _tokens[token].minus(amount);
        return true;
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev What the market has of a token.
    function _balanceOf(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    /// @dev The same; false for a token that does not answer, or is gone: a refund in it is credited.
    function _tryBalanceOf(address token) private view returns (bool answered, uint256 balance) {
        bytes memory call = abi.encodeCall(IERC20.balanceOf, (address(this)));
        // slither-disable-next-line unused-return a balance is one word
        (bool success, bytes32 answer,) = LowLevelCall.staticcallReturn64Bytes(token, call);
        return (success && LowLevelCall.returnDataSize() >= 32, uint256(answer));
    }

    /// @dev How much there is of what a rescue must leave, of each token that ever was on the list. Of the
    /// rescued one that is what is held, or what is left of that. Of another it is all: that may be the same
    /// token under another address, and what is beside its own sum then be what is owed under the other.
    function _toBeLeft(address rescued) private view returns (uint256[] memory left) {
        left = new uint256[](_tokenList.length);
        for (uint256 i = 0; i < left.length; ++i) {
            address token = _tokenList[i];
            uint256 held = _tokens[token].held();
            // A token of which nothing is owed need not even answer.
            if (held == 0) continue;
            uint256 balance = _balanceOf(token);
            left[i] = token == rescued ? Math.min(held, balance) : balance;
        }
    }

    /// @dev The day since 1970, UTC.
    function _today() internal view returns (uint256) {
        return block.timestamp / 1 days;
    }

    /// @dev Moves what has matured into the payee's purse, and answers what is to be stored there.
    function _gather(address payee, uint256 currency) private returns (Purse purse) {
        purse = _purses[_key(payee, currency, 0)];
        uint256 today = _today();
        for (uint256 back = _daysToLookAt(payee, purse); back != 0; --back) {
            uint256 key = _key(payee, currency, _place(today + 1 - back));
            Purse held = _purses[key];
            if (held.day() > today || held.net() | held.fee() == 0) continue;
            purse = purse.plus(held.net(), held.fee());
            _purses[key] = PurseLib.pack(held.day(), 0, 0);
        }
        purse = PurseLib.pack(today, purse.net(), purse.fee());
    }

    /// @dev What {_gather} would answer.
    function _matured(address payee, address token) private view returns (Purse purse) {
        uint256 currency = _currency(token);
        purse = _purses[_key(payee, currency, 0)];
        uint256 today = _today();
        for (uint256 back = _daysToLookAt(payee, purse); back != 0; --back) {
            Purse held = _purses[_key(payee, currency, _place(today + 1 - back))];
            if (held.day() <= today) purse = purse.plus(held.net(), held.fee());
        }
    }

    /// @dev How many days' places can hold something matured: today's, and back to the last look.
    function _daysToLookAt(address payee, Purse purse) private view returns (uint256 count) {
        if (!_hasWindows[payee]) return 0;
        count = _today() - purse.day();
        return count > RING ? RING : count;
    }

    /// @dev The part of a currency in keys, or reverts for a token that never was on the list: it must not
    /// pass for the coin.
    function _currency(address token) internal view returns (uint256 id) {
        if (token == COIN) return COIN_CURRENCY;
        id = _tokens[token].id();
        if (id == 0) revert CourseMarket_TokenNotAllowed(token);
    }

    /// @dev The place of a day in the ring.
    function _place(uint256 day) private pure returns (uint256) {
        return 1 + day % RING;
    }

    /// @dev Where a purse lies.
    function _key(address payee, uint256 currency, uint256 place) private pure returns (uint256) {
        return place << PLACE_SHIFT | currency << CURRENCY_SHIFT | uint160(payee);
    }
}
