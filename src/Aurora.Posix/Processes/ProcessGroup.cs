using Aurora.Base;

namespace Aurora.Posix.Processes;

/// <summary>A process group (job). Lives while it has members.</summary>
public unsafe struct ProcessGroup
{
    public ObjectHeader Header;
    public int Id;
    public Session* Session;
    public Process* FirstMember;
    public int MemberCount;
    public ProcessGroup* NextInSession;
}

/// <summary>A session. Lives while it has groups; may have a controlling terminal.</summary>
public unsafe struct Session
{
    public ObjectHeader Header;
    public int Id;

    /// <summary>The process that made it, while that lives.</summary>
    public Process* Leader;

    /// <summary>The controlling terminal's object, or null.</summary>
    public ObjectHeader* Terminal;
    public ProcessGroup* FirstGroup;
}
