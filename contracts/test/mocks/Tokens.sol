// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A token as it should be, with permits (EIP-2612) and authorizations (EIP-3009).
contract Token is ERC20Permit {
    bytes32 public constant RECEIVE_TYPE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    uint8 private immutable DECIMALS;
    mapping(address from => mapping(bytes32 nonce => bool)) public authorizationState;

    constructor(uint8 decimals_) ERC20("Token", "TKN") ERC20Permit("Token") {
        DECIMALS = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

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
        require(to == msg.sender, "caller must be the payee");
        require(block.timestamp > validAfter && block.timestamp < validBefore, "not valid now");
        require(!authorizationState[from][nonce], "authorization is used");
        bytes32 hash = keccak256(abi.encode(RECEIVE_TYPE, from, to, value, validAfter, validBefore, nonce));
        require(ECDSA.recover(_hashTypedDataV4(hash), v, r, s) == from, "invalid signature");
        authorizationState[from][nonce] = true;
        _transfer(from, to, value);
    }
}

/// @notice A token whose functions answer nothing, as some old ones do.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice A token that answers false where others revert.
contract FalseToken is Token(18) {
    function transfer(address to, uint256 amount) public override returns (bool) {
        return balanceOf(msg.sender) >= amount && !frozen && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return balanceOf(from) >= amount && allowance(from, msg.sender) >= amount
            && super.transferFrom(from, to, amount);
    }

    bool private frozen;

    function freeze() external {
        frozen = true;
    }
}

/// @notice A token that says yes and moves nothing.
contract LyingToken is Token(18) {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @notice A token that keeps one per cent of what is moved.
contract FeeToken is Token(18) {
    function _update(address from, address to, uint256 amount) internal override {
        bool taxed = from != address(0) && to != address(0);
        super._update(from, to, amount);
        if (taxed) super._update(to, address(0xfee), amount / 100);
    }
}

/// @notice A token that gives the receiver one per cent more.
contract GenerousToken is Token(18) {
    function _update(address from, address to, uint256 amount) internal override {
        bool moved = from != address(0) && to != address(0);
        super._update(from, to, amount);
        if (moved) super._update(address(0), to, amount / 100);
    }
}

/// @notice A token whose balances can change by themselves.
contract RebasingToken is Token(18) {
    function shrink(address who, uint256 amount) external {
        _burn(who, amount);
    }
}

/// @notice A token that some accounts can not use.
contract BlockingToken is Token(6) {
    mapping(address => bool) public blocked;

    function block_(address who) external {
        blocked[who] = true;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!blocked[from] && !blocked[to], "blocked");
        super._update(from, to, amount);
    }
}

/// @notice A token that calls someone before it moves anything, as ERC-777 does.
contract HookToken is Token(18) {
    address public target;
    bytes public data;
    bool public succeeded;
    bytes public answer;

    function hook(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (target != address(0) && from != address(0)) {
            address called = target;
            target = address(0);
            (succeeded, answer) = called.call(data);
        }
        super._update(from, to, amount);
    }
}

/// @notice A token that takes one per cent more from the sender than it moves, rounded up.
contract TakingToken is Token(18) {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        bool moved = from != address(0) && to != address(0);
        if (moved) super._update(from, address(0xfee), (amount + 99) / 100);
    }
}

/// @notice A token that can tell its balances in a few bytes only, or fail to.
contract MumblingToken is Token(18) {
    uint256 private length = 32;
    bool private fails;

    function mumble(uint256 length_, bool fails_) external {
        (length, fails) = (length_, fails_);
    }

    function balanceOf(address who) public view override returns (uint256 answer) {
        answer = super.balanceOf(who);
        (uint256 told, bool failed) = (length, fails);
        assembly ("memory-safe") {
            mstore(0, answer)
            if failed { revert(0, told) }
            return(0, told)
        }
    }
}

/// @notice A token with a second address.
contract DoubleToken is Token(18) {
    Entrance public entrance = new Entrance();

    function transferAs(address from, address to, uint256 amount) external {
        require(msg.sender == address(entrance), "not the entrance");
        _transfer(from, to, amount);
    }
}

/// @notice The second address of a token. It takes without asking for an allowance.
contract Entrance {
    DoubleToken private immutable TOKEN = DoubleToken(msg.sender);

    function balanceOf(address who) external view returns (uint256) {
        return TOKEN.balanceOf(who);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        TOKEN.transferAs(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        TOKEN.transferAs(from, to, amount);
        return true;
    }
}

/// @notice What a chain can do with its coin; of forge's cheatcodes.
interface Coins {
    function deal(address account, uint256 balance) external;
}

/// @notice The chain's own coin as a token, as some chains have it.
contract CoinToken {
    Coins private constant vm = Coins(address(uint160(uint256(keccak256("hevm cheat code")))));

    function balanceOf(address who) external view returns (uint256) {
        return who.balance;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        vm.deal(msg.sender, msg.sender.balance - amount);
        vm.deal(to, to.balance + amount);
        return true;
    }
}
