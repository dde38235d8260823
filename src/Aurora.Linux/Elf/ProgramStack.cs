// The stack a program starts with (System V ABI, AMD64, 3.4.1), from high to low addresses:
//
//     zero word; file name; environment strings; argument strings; platform name; 16 random bytes; padding to 16
//     auxiliary vector; null; environment pointers; null; argument pointers; argument count      <- RSP, 16-byte aligned
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Linux.Elf;

/// <summary>What the auxiliary vector says.</summary>
public struct AuxiliaryValues
{
    public ulong HeadersAddress;
    public int HeaderCount;
    public ulong InterpreterBase;

    /// <summary>The vDSO; zero for none.</summary>
    public ulong Vdso;
    public ulong Entry;
    public ulong HardwareCapabilities;
    public int SignalStackBytes;
    public bool IsSecure;
}

/// <summary>Where things ended up on the new stack.</summary>
public struct ProgramStackLayout
{
    public ulong StackPointer;
    public ulong ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd;

    /// <summary>How many words above the stack pointer the auxiliary vector begins.</summary>
    public int AuxiliaryWords;
}

/// <summary>Writes the initial stack.</summary>
public ref struct ProgramStack
{
    private const int PointersPerWrite = 64;
    private const int AuxiliaryEntries = 21;

    private readonly UserMemory _user;
    private readonly unsafe AddressSpace* _space;
    private readonly Span<ulong> _pending;
    private int _pendingCount;
    private ulong _cursor;
    private AccessResult _result;

    private unsafe ProgramStack(UserMemory user, AddressSpace* space, Span<ulong> pending)
    {
        _user = user;
        _space = space;
        _pending = pending;
    }

    /// <summary>Bytes the strings and tables of these arguments take at most, for sizing the stack.</summary>
    public static ulong BytesFor(ArgumentBlock arguments, ReadOnlySpan<byte> fileName)
        => (ulong)(arguments.Text.Length + fileName.Length + ((arguments.ArgumentCount + arguments.EnvironmentCount + 8) * 8)
            + (AuxiliaryEntries * 16) + 256);

    /// <summary>Writes everything below <paramref name="top"/>, which must be mapped.</summary>
    public static unsafe AccessResult Write(UserMemory user, AddressSpace* space, ulong top, ArgumentBlock arguments, ReadOnlySpan<byte> fileName,
        ReadOnlySpan<byte> random, in Credentials credentials, in AuxiliaryValues values, out ProgramStackLayout layout)
    {
        layout = default;
        Span<ulong> pending = stackalloc ulong[PointersPerWrite];
        var stack = new ProgramStack(user, space, pending);
        ulong nameAddress = top - 8 - (ulong)fileName.Length - 1;
        ulong textAddress = nameAddress - (ulong)arguments.Text.Length;
        ulong platformAddress = textAddress - 7;
        ulong randomAddress = platformAddress - 16;
        ulong tableTop = randomAddress & ~15UL;
        int words = 1 + arguments.ArgumentCount + 1 + arguments.EnvironmentCount + 1 + (2 * AuxiliaryEntries);
        layout.StackPointer = (tableTop - (ulong)(words * 8)) & ~15UL;
        layout.AuxiliaryWords = words - (2 * AuxiliaryEntries);
        layout.ArgumentsStart = textAddress;
        stack.Copy(nameAddress, fileName);
        stack.Copy(textAddress, arguments.Text);
        stack.Copy(platformAddress, "x86_64"u8);
        stack.Copy(randomAddress, random);
        stack._cursor = layout.StackPointer;
        stack.PutStrings(arguments, textAddress, ref layout);
        stack.PutAuxiliary(in credentials, in values, nameAddress, platformAddress, randomAddress);
        stack.Flush();
        return stack._result;
    }

    private void PutStrings(ArgumentBlock arguments, ulong textAddress, ref ProgramStackLayout layout)
    {
        Put((ulong)arguments.ArgumentCount);
        ReadOnlySpan<byte> text = arguments.Text;
        ulong address = textAddress;
        for (int i = 0; i < arguments.ArgumentCount; i++)
            address = PutString(ref text, address);
        Put(0);
        layout.ArgumentsEnd = layout.EnvironmentStart = address;
        for (int i = 0; i < arguments.EnvironmentCount; i++)
            address = PutString(ref text, address);
        Put(0);
        layout.EnvironmentEnd = address;
    }

    private ulong PutString(ref ReadOnlySpan<byte> text, ulong address)
    {
        Put(address);
        int bytes = text.IndexOf((byte)0) + 1;
        text = text[bytes..];
        return address + (ulong)bytes;
    }

    // AT_HWCAP2 tells of MONITOR and of FSGSBASE in user mode; the kernel allows neither.
    private const ulong NoCapabilities2 = 0;

    private const ulong Ignored = 1;
    private const ulong SystemObject = 33;

    private void PutAuxiliary(in Credentials credentials, in AuxiliaryValues values, ulong name, ulong platform, ulong random)
    {
        Pair(values.Vdso == 0 ? Ignored : SystemObject, values.Vdso);
        Pair(16, values.HardwareCapabilities);
        Pair(6, PageSize.Bytes);
        Pair(17, 100);
        Pair(3, values.HeadersAddress);
        Pair(4, ElfParser.ProgramHeaderBytes);
        Pair(5, (ulong)values.HeaderCount);
        Pair(7, values.InterpreterBase);
        Pair(8, 0);
        Pair(9, values.Entry);
        Pair(11, credentials.RealUid);
        Pair(12, credentials.EffectiveUid);
        Pair(13, credentials.RealGid);
        Pair(14, credentials.EffectiveGid);
        Pair(23, values.IsSecure ? 1UL : 0);
        Pair(25, random);
        Pair(26, NoCapabilities2);
        Pair(31, name);
        Pair(15, platform);
        Pair(51, (ulong)values.SignalStackBytes);
        Pair(0, 0);
    }

    private void Pair(ulong type, ulong value)
    {
        Put(type);
        Put(value);
    }

    private void Put(ulong word)
    {
        _pending[_pendingCount++] = word;
        if (_pendingCount == PointersPerWrite)
            Flush();
    }

    private unsafe void Flush()
    {
        fixed (ulong* words = _pending)
            Copy(_cursor, new ReadOnlySpan<byte>(words, _pendingCount * sizeof(ulong)));
        _cursor += (ulong)(_pendingCount * sizeof(ulong));
        _pendingCount = 0;
    }

    // After a failure nothing more is written; the failure is the result.
    private unsafe void Copy(ulong address, ReadOnlySpan<byte> bytes)
    {
        if (_result.IsOk && !bytes.IsEmpty)
            _result = _user.Write(_space, new VirtualAddress(address), bytes);
    }
}
