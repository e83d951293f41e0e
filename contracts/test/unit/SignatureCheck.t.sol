// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureCheck} from "../../src/SignatureCheck.sol";
import {ContractWallet, PoliteWallet, ShortWallet, WalletFactory} from "../mocks/ContractWallet.sol";
import {Vm} from "../utils/Vm.sol";

contract SignatureCheckTest {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 private constant SUFFIX = 0x6492649264926492649264926492649264926492649264926492649264926492;
    bytes32 private constant HASH = keccak256("hello");
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant OTHER_KEY = 0xB0B;

    WalletFactory private factory = new WalletFactory();
    address private owner = vm.addr(KEY);

    function _sign(uint256 key, bytes32 hash) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        return abi.encodePacked(r, s, v);
    }

    function _wrap(address maker, bytes memory call, bytes memory inner) private pure returns (bytes memory) {
        return abi.encodePacked(abi.encode(maker, call, inner), SUFFIX);
    }

    function _isValid(address account, bytes memory signature) private returns (bool) {
        bytes memory told = address(new SignatureCheck(account, HASH, signature)).code;
        vm.assertEq(told.length, 1);
        return told[0] == 0x01;
    }

    function test_TakesAContractsSignature() external {
        vm.assertTrue(_isValid(address(new ContractWallet(owner)), _sign(KEY, HASH)));
    }

    function test_RefusesAnotherKeysSignature() external {
        address wallet = address(new ContractWallet(owner));
        vm.assertFalse(_isValid(wallet, _sign(OTHER_KEY, HASH)));
        vm.assertFalse(_isValid(wallet, _sign(KEY, keccak256("hallo"))));
        vm.assertFalse(_isValid(wallet, ""));
    }

    function test_RefusesAnythingButTheWordForYes() external {
        vm.assertFalse(_isValid(address(new PoliteWallet()), _sign(KEY, HASH)));
        vm.assertFalse(_isValid(address(new ShortWallet()), _sign(KEY, HASH)));
    }

    function test_TakesAWrappedSignatureOfADeployedWallet() external {
        address wallet = address(factory.make(owner));
        bytes memory call = abi.encodeCall(WalletFactory.make, (owner));
        vm.assertTrue(_isValid(wallet, _wrap(address(factory), call, _sign(KEY, HASH))));
        vm.assertFalse(_isValid(wallet, _wrap(address(factory), call, _sign(OTHER_KEY, HASH))));
    }

    function test_TakesTheSignatureOfAWalletToBe() external {
        bytes memory call = abi.encodeCall(WalletFactory.make, (owner));
        address wallet = factory.addressOf(owner);
        vm.assertTrue(_isValid(wallet, _wrap(address(factory), call, _sign(KEY, HASH))));
    }

    function test_RefusesAnotherKeysSignatureForAWalletToBe() external {
        bytes memory call = abi.encodeCall(WalletFactory.make, (owner));
        address wallet = factory.addressOf(owner);
        vm.assertFalse(_isValid(wallet, _wrap(address(factory), call, _sign(OTHER_KEY, HASH))));
    }

    function test_RefusesWhatDoesNotMakeTheWallet() external {
        address wallet = factory.addressOf(owner);
        bytes memory call = abi.encodeCall(WalletFactory.make, (vm.addr(OTHER_KEY)));
        vm.assertFalse(_isValid(wallet, _wrap(address(factory), call, _sign(KEY, HASH))));
        vm.assertFalse(_isValid(wallet, _wrap(address(factory), hex"12345678", _sign(KEY, HASH))));
    }

    function test_RefusesAnAccountWithoutCode() external {
        vm.assertFalse(_isValid(owner, _sign(KEY, HASH)));
        vm.assertFalse(_isValid(factory.addressOf(owner), _sign(KEY, HASH)));
    }

    function test_RevertsOnBrokenWrapping() external {
        address wallet = address(new ContractWallet(owner));
        vm.expectRevert();
        new SignatureCheck(wallet, HASH, abi.encodePacked(SUFFIX));
        vm.expectRevert();
        new SignatureCheck(wallet, HASH, abi.encodePacked(hex"1234", SUFFIX));
    }
}
