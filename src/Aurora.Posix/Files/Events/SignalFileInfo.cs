// struct signalfd_siginfo: what a read of a signalfd gives of each signal. Which fields are filled depends on the signal and its code, as
// in siginfo_t; all others are zero.
using System;
using System.Runtime.InteropServices;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Files;

/// <summary>One signal as a signalfd tells it.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public struct SignalFileInfo
{
    public const int Bytes = 128;

    private const int GreatestChildCode = 6;
    private const int GreatestPollCode = 6;
    private const int GreatestSystemCallCode = 2;
    private const int MemoryErrorRequired = 4;
    private const int MemoryErrorOptional = 5;

    public uint Signal;
    public int Error;
    public int Code;
    public uint Pid;
    public uint Uid;
    public int Descriptor;
    public uint TimerId;
    public uint Band;
    public uint Overruns;
    public uint TrapNumber;
    public int Status;
    public int Integer;
    public ulong Pointer;
    public ulong UserTicks;
    public ulong SystemTicks;
    public ulong Address;
    public ushort AddressGranule;
    public ushort Padding;
    public int SystemCall;
    public ulong CallAddress;
    public uint Architecture;

    // The greatest codes of the faults, from SIGILL on (SIGABRT has none).
    private static ReadOnlySpan<byte> GreatestFaultCodes => [11, 6, 0, 5, 15, 0, 0, 9];

    private enum Layout
    {
        Sender,
        Timer,
        Poll,
        Fault,
        MemoryError,
        Child,
        Queued,
        SystemCall,
    }

    /// <summary>Describes a signal.</summary>
    public static unsafe SignalFileInfo Of(in SignalInfo info)
    {
        var result = new SignalFileInfo { Signal = (uint)info.Number, Error = info.Error, Code = info.Code };
        fixed (byte* fields = info.Fields)
        {
            switch (LayoutOf(info.Signal, info.Code))
            {
                case Layout.Timer:
                    (result.TimerId, result.Overruns) = ((uint)info.TimerId, (uint)info.Overruns);
                    (result.Pointer, result.Integer) = (info.Value, (int)info.Value);
                    break;
                case Layout.Poll:
                    (result.Band, result.Descriptor) = ((uint)info.Band, info.Descriptor);
                    break;
                case Layout.MemoryError:
                    result.AddressGranule = *(ushort*)(fields + sizeof(ulong));
                    goto case Layout.Fault;
                case Layout.Fault:
                    result.Address = info.Address;
                    break;
                case Layout.Child:
                    (result.Pid, result.Uid, result.Status) = ((uint)info.Pid, info.Uid, info.Status);
                    (result.UserTicks, result.SystemTicks) = (info.UserTicks, info.SystemTicks);
                    break;
                case Layout.SystemCall:
                    (result.CallAddress, result.SystemCall) = (info.Address, *(int*)(fields + sizeof(ulong)));
                    result.Architecture = *(uint*)(fields + sizeof(ulong) + sizeof(int));
                    break;
                case Layout.Queued:
                    (result.Pointer, result.Integer) = (info.Value, (int)info.Value);
                    goto default;
                default:
                    (result.Pid, result.Uid) = ((uint)info.Pid, info.Uid);
                    break;
            }
        }
        return result;
    }

    private static Layout LayoutOf(Signal signal, int code)
    {
        if (code is > SignalCode.User and < SignalCode.Kernel)
            return LayoutOfReason(signal, code);
        return code switch
        {
            SignalCode.Timer => Layout.Timer,
            SignalCode.File => Layout.Poll,
            < SignalCode.User => Layout.Queued,
            _ => Layout.Sender,
        };
    }

    private static Layout LayoutOfReason(Signal signal, int code)
    {
        switch (signal)
        {
            case Signals.Signal.SIGBUS when code is MemoryErrorRequired or MemoryErrorOptional:
                return Layout.MemoryError;
            case Signals.Signal.SIGILL or Signals.Signal.SIGTRAP or Signals.Signal.SIGBUS or Signals.Signal.SIGFPE or Signals.Signal.SIGSEGV
                when code <= GreatestFaultCodes[signal - Signals.Signal.SIGILL]:
                return Layout.Fault;
            case Signals.Signal.SIGCHLD when code <= GreatestChildCode:
                return Layout.Child;
            case Signals.Signal.SIGSYS when code <= GreatestSystemCallCode:
                return Layout.SystemCall;
            default:
                return code <= GreatestPollCode ? Layout.Poll : Layout.Sender;
        }
    }
}
