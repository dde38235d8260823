namespace Aurora.Posix.Ipc;

/// <summary>The numbers of the calls in which a thread waits for a System V object.</summary>
public static class IpcWaitCalls
{
    public const uint Operate = 65;
    public const uint OperateTimed = 220;
    public const uint Send = 69;
    public const uint Receive = 70;
    public const uint NamedSend = 242;
    public const uint NamedReceive = 243;
}
