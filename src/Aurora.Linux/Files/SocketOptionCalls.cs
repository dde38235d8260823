// getsockopt and setsockopt, of the level of sockets, as those of AF_UNIX answer. Most options are kept and told, and change nothing of
// what a socket of this family does; an option that it does not have is ENOPROTOOPT, another level EOPNOTSUPP.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Files;

internal static unsafe class SocketOptionCalls
{
    private const int SocketLevel = 1;
    private const uint MostBuffer = Socket.DefaultBuffer;
    private const int MostPriority = 6;

    // struct linger and struct timeval, in bytes.
    private const int LingerBytes = 8;
    private const int TimeBytes = 16;

    private enum Option
    {
        Debug = 1,
        ReuseAddress = 2,
        Type = 3,
        Error = 4,
        DontRoute = 5,
        Broadcast = 6,
        SendBuffer = 7,
        ReceiveBuffer = 8,
        KeepAlive = 9,
        OutOfBandInline = 10,
        NoChecksum = 11,
        Priority = 12,
        Linger = 13,
        BsdCompatible = 14,
        ReusePort = 15,
        PassCredentials = 16,
        PeerCredentials = 17,
        ReceiveLowWater = 18,
        SendLowWater = 19,
        ReceiveTimeout = 20,
        SendTimeout = 21,
        PeerName = 28,
        Timestamp = 29,
        AcceptsConnections = 30,
        SendBufferForce = 32,
        ReceiveBufferForce = 33,
        PassSecurity = 34,
        TimestampNanoseconds = 35,
        Mark = 36,
        Protocol = 38,
        Domain = 39,
        Overflow = 40,
        PeekOffset = 42,
        SelectErrorQueue = 45,
        PeerGroups = 59,
        ReceiveTimeoutNew = 66,
        SendTimeoutNew = 67,
    }

    public static void Register(SystemCallTable table)
    {
        table.Register(54, &Set);
        table.Register(55, &Get);
    }

    private static SocketOptions FlagOf(Option option) => option switch
    {
        Option.Debug => SocketOptions.Debug,
        Option.ReuseAddress => SocketOptions.ReuseAddress,
        Option.ReusePort => SocketOptions.ReusePort,
        Option.DontRoute => SocketOptions.DontRoute,
        Option.Broadcast => SocketOptions.Broadcast,
        Option.KeepAlive => SocketOptions.KeepAlive,
        Option.OutOfBandInline => SocketOptions.OutOfBandInline,
        Option.NoChecksum => SocketOptions.NoChecksum,
        Option.PassCredentials => SocketOptions.PassCredentials,
        Option.PassSecurity => SocketOptions.PassSecurity,
        Option.Timestamp => SocketOptions.Timestamp,
        Option.TimestampNanoseconds => SocketOptions.TimestampNanoseconds,
        Option.Overflow => SocketOptions.Overflow,
        Option.SelectErrorQueue => SocketOptions.SelectErrorQueue,
        _ => SocketOptions.None,
    };

    private static SystemCallResult Set(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (a->Int4 < 0)
            return Errno.EINVAL;
        if (!SocketCalls.Find(ref call, a->Int0, out _, out Socket* socket))
            return call.Failure;
        if (a->Int1 != SocketLevel)
            return Errno.EOPNOTSUPP;
        if (a->Int4 < sizeof(int))
            return Errno.EINVAL;
        if (!call.Read(a->Arg3, out int value))
            return call.Failure;
        SystemCallResult result = Set(ref call, socket, (Option)a->Int2, value, a->Arg3, a->Int4);
        kernel.Files.MarkChanged(&socket->Header);
        return result;
    }

    private static SystemCallResult Set(ref FileCall call, Socket* socket, Option option, int value, ulong address, int length)
    {
        FileCaller caller = call.Caller;
        ref SocketSettings settings = ref socket->Settings;
        switch (option)
        {
            case Option.SendBuffer or Option.SendBufferForce or Option.ReceiveBuffer or Option.ReceiveBufferForce:
                return SetBuffer(ref call, socket, option, value);
            case Option.Priority:
                if (value is < 0 or > MostPriority && !caller.Has(Capability.NetAdmin) && !caller.Has(Capability.NetRaw))
                    return Errno.EPERM;
                settings.Priority = value;
                return Errno.Ok;
            case Option.Mark:
                if (!caller.Has(Capability.NetAdmin) && !caller.Has(Capability.NetRaw))
                    return Errno.EPERM;
                settings.Mark = (uint)value;
                return Errno.Ok;
            case Option.Linger:
                return SetLinger(ref call, socket, address, length);
            case Option.BsdCompatible:
                return Errno.Ok;
            case Option.ReceiveLowWater:
                settings.LowWater = value < 0 ? int.MaxValue : Math.Max(value, 1);
                return Errno.Ok;
            case Option.ReceiveTimeout or Option.ReceiveTimeoutNew:
                return SetTime(ref call, ref settings.ReceiveTimeoutNanoseconds, address, length);
            case Option.SendTimeout or Option.SendTimeoutNew:
                return SetTime(ref call, ref settings.SendTimeoutNanoseconds, address, length);
            case Option.PeekOffset:
                settings.PeekOffset = value;
                return Errno.Ok;
            default:
                return SetFlag(in caller, ref settings, option, value != 0);
        }
    }

    private static Errno SetFlag(in FileCaller caller, ref SocketSettings settings, Option option, bool isOn)
    {
        SocketOptions flag = FlagOf(option);
        if (flag == SocketOptions.None)
            return Errno.ENOPROTOOPT;
        if (flag == SocketOptions.Debug && isOn && !caller.Has(Capability.NetAdmin))
            return Errno.EACCES;
        // Of the two kinds of timestamps one at most.
        if (flag is SocketOptions.Timestamp or SocketOptions.TimestampNanoseconds)
            settings.Options &= ~(SocketOptions.Timestamp | SocketOptions.TimestampNanoseconds);
        settings.Options = isOn ? settings.Options | flag : settings.Options & ~flag;
        return Errno.Ok;
    }

    // Linux keeps twice of what is asked for, since it counts what it needs beside the bytes.
    private static Errno SetBuffer(ref FileCall call, Socket* socket, Option option, int value)
    {
        bool isForced = option is Option.SendBufferForce or Option.ReceiveBufferForce;
        if (isForced && !call.Caller.Has(Capability.NetAdmin))
            return Errno.EPERM;
        uint asked = isForced ? (uint)Math.Max(value, 0) : Math.Min((uint)value, MostBuffer);
        uint bytes = Math.Min(asked, Socket.LargestBuffer / 2) * 2;
        if (option is Option.ReceiveBuffer or Option.ReceiveBufferForce)
        {
            socket->Settings.ReceiveBuffer = Math.Max(bytes, Socket.LeastReceiveBuffer);
            return Errno.Ok;
        }
        socket->Settings.SendBuffer = Math.Max(bytes, Socket.LeastSendBuffer);
        if (socket->HasRoom)
            call.Kernel.Scheduler.Wake(&socket->Writable);
        return Errno.Ok;
    }

    private static SystemCallResult SetLinger(ref FileCall call, Socket* socket, ulong address, int length)
    {
        if (length < LingerBytes)
            return Errno.EINVAL;
        if (!call.Read(address, out ulong linger))
            return call.Failure;
        bool isOn = (uint)linger != 0;
        socket->Settings.Options = isOn
            ? socket->Settings.Options | SocketOptions.Linger : socket->Settings.Options & ~SocketOptions.Linger;
        if (isOn)
            socket->Settings.LingerSeconds = (int)(linger >> 32);
        return Errno.Ok;
    }

    // A negative time is none at all: such calls do not wait. As the least there is it is as good.
    private static SystemCallResult SetTime(ref FileCall call, ref ulong nanoseconds, ulong address, int length)
    {
        if (length < TimeBytes)
            return Errno.EINVAL;
        if (!call.Read(address, out Timeval time))
            return call.Failure;
        if (time.Microseconds is < 0 or >= 1_000_000)
            return Errno.EDOM;
        bool isNone = time.Seconds == 0 && time.Microseconds == 0;
        nanoseconds = time.Seconds < 0 ? 1 : isNone ? Socket.NoTimeout : Math.Max(time.ToNanoseconds(), 1);
        return Errno.Ok;
    }

    private static SystemCallResult Get(LinuxKernel kernel, Thread* thread, SystemCallArguments* a)
    {
        var call = new FileCall(kernel, thread);
        if (!SocketCalls.Find(ref call, a->Int0, out _, out Socket* socket))
            return call.Failure;
        if (a->Int1 != SocketLevel)
            return Errno.EOPNOTSUPP;
        if (!call.Read(a->Arg4, out int room))
            return call.Failure;
        if (room < 0)
            return Errno.EINVAL;
        Span<byte> value = stackalloc byte[SocketAddress.FamilyBytes + Socket.MaxNameBytes];
        if ((Option)a->Int2 == Option.PeerGroups)
            return GetGroups(ref call, socket, a->Arg3, a->Arg4, room);
        Errno error = Get(socket, (Option)a->Int2, room, value, out int length);
        if (error != Errno.Ok)
            return error;
        length = Math.Min(length, room);
        if (!call.WriteBytes(a->Arg3, value[..length]) || !call.Write(a->Arg4, length))
            return call.Failure;
        // An error is told once, by who could be told.
        if ((Option)a->Int2 == Option.Error && socket->Error != 0)
        {
            socket->Error = 0;
            kernel.Files.MarkChanged(&socket->Header);
        }
        return Errno.Ok;
    }

    private static Errno Get(Socket* socket, Option option, int room, Span<byte> value, out int length)
    {
        length = sizeof(int);
        ref readonly SocketSettings settings = ref socket->Settings;
        switch (option)
        {
            case Option.PeerCredentials:
                length = LinuxCredentials.Bytes;
                ref readonly SocketPeer peer = ref socket->PeerUser;
                Put(value, peer.Pid);
                Put(value[4..], peer.IsKnown ? peer.Uid : uint.MaxValue);
                Put(value[8..], peer.IsKnown ? peer.Gid : uint.MaxValue);
                return Errno.Ok;
            case Option.Linger:
                length = LingerBytes;
                Put(value, socket->Has(SocketOptions.Linger) ? 1 : 0);
                Put(value[4..], settings.LingerSeconds);
                return Errno.Ok;
            case Option.ReceiveTimeout or Option.ReceiveTimeoutNew:
                length = WriteTime(settings.ReceiveTimeoutNanoseconds, value);
                return Errno.Ok;
            case Option.SendTimeout or Option.SendTimeoutNew:
                length = WriteTime(settings.SendTimeoutNanoseconds, value);
                return Errno.Ok;
            case Option.PeerName:
                length = socket->Peer == null ? 0 : SocketAddress.Format(socket->Peer->NameBytes, value);
                return socket->Peer == null ? Errno.ENOTCONN : length < room ? Errno.EINVAL : Errno.Ok;
        }
        if (!TryGetNumber(socket, option, out int number))
            return Errno.ENOPROTOOPT;
        Put(value, number);
        return Errno.Ok;
    }

    private static bool TryGetNumber(Socket* socket, Option option, out int number)
    {
        ref readonly SocketSettings settings = ref socket->Settings;
        SocketOptions flag = FlagOf(option);
        number = flag != SocketOptions.None && socket->Has(flag) ? 1 : 0;
        if (flag != SocketOptions.None)
            return true;
        int? found = option switch
        {
            Option.Type => (int)socket->Type,
            Option.Domain => SocketAddress.Unix,
            Option.Protocol or Option.BsdCompatible => 0,
            Option.Error => socket->Error,
            Option.SendBuffer => (int)settings.SendBuffer,
            Option.ReceiveBuffer => (int)settings.ReceiveBuffer,
            Option.Priority => settings.Priority,
            Option.Mark => (int)settings.Mark,
            Option.ReceiveLowWater => settings.LowWater,
            Option.SendLowWater => 1,
            Option.AcceptsConnections => socket->IsListening ? 1 : 0,
            Option.PeekOffset => settings.PeekOffset,
            _ => null,
        };
        number = found ?? 0;
        return found is not null;
    }

    private static void Put<T>(Span<byte> bytes, T value)
        where T : unmanaged => Unsafe.WriteUnaligned(ref MemoryMarshal.GetReference(bytes), value);

    private static int WriteTime(ulong nanoseconds, Span<byte> value)
    {
        Timeval time = Timeval.From(nanoseconds);
        Put(value, time.Seconds);
        Put(value[8..], time.Microseconds);
        return TimeBytes;
    }

    private static SystemCallResult GetGroups(ref FileCall call, Socket* socket, ulong address, ulong lengthAddress, int room)
    {
        ref readonly SocketPeer peer = ref socket->PeerUser;
        if (!peer.IsKnown)
            return Errno.ENODATA;
        int length = peer.GroupCount * sizeof(uint);
        if (room < length)
            return call.Write(lengthAddress, length) ? Errno.ERANGE : call.Failure;
        fixed (uint* groups = peer.Groups)
        {
            if (length > 0 && !call.WriteBytes(address, new ReadOnlySpan<byte>(groups, length)))
                return call.Failure;
        }
        return call.Write(lengthAddress, length) ? Errno.Ok : call.Failure;
    }
}
