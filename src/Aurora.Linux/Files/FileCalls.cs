using Aurora.Linux.Executive;

namespace Aurora.Linux.Files;

/// <summary>All file calls.</summary>
public static class FileCalls
{
    /// <summary>Enters the file calls into the table.</summary>
    public static void Register(SystemCallTable table)
    {
        ReadWriteCalls.Register(table);
        OpenCalls.Register(table);
        DescriptorCalls.Register(table);
        PipeCalls.Register(table);
        LockCalls.Register(table);
        SizeCalls.Register(table);
        StatCalls.Register(table);
        DirectoryCalls.Register(table);
        NameCalls.Register(table);
        AttributeCalls.Register(table);
        SyncCalls.Register(table);
        CopyCalls.Register(table);
        SpliceCalls.Register(table);
        PollCalls.Register(table);
        SelectCalls.Register(table);
        EventPollCalls.Register(table);
        OtherCalls.Register(table);
        FileSystemCalls.Register(table);
        ExtendedAttributeCalls.Register(table);
        SocketCalls.Register(table);
        EventCalls.Register(table);
        TimerFileCalls.Register(table);
        SignalFileCalls.Register(table);
        PidfdCalls.Register(table);
        InotifyCalls.Register(table);
    }
}
