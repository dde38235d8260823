// Pure builders of admin commands: each returns a complete submission entry except for the command id.
namespace Aurora.Nvme;

/// <summary>Builds admin commands (NVM Express 1.4 §5).</summary>
public static class AdminCommands
{
    private const uint IdentifyNamespaceData = 0x00;
    private const uint IdentifyControllerData = 0x01;
    private const uint CommandSetLimitsData = 0x06;
    private const uint AllNamespaces = 0xFFFF_FFFF;
    private const uint PhysicallyContiguous = 1;
    private const uint InterruptsEnabled = 2;

    /// <summary>Identify, CNS 01h: the controller data structure into one page (§5.15).</summary>
    public static SubmissionEntry IdentifyController(ulong pagePhysical)
        => new() { Opcode = (byte)AdminOpcode.Identify, Prp1 = pagePhysical, Dword10 = IdentifyControllerData };

    /// <summary>Identify, CNS 00h: a namespace's data structure into one page (§5.15).</summary>
    public static SubmissionEntry IdentifyNamespace(uint namespaceId, ulong pagePhysical) => new()
    {
        Opcode = (byte)AdminOpcode.Identify,
        NamespaceId = namespaceId,
        Prp1 = pagePhysical,
        Dword10 = IdentifyNamespaceData,
    };

    /// <summary>Identify, CNS 06h: the limits of the NVM command set into one page (NVM Command Set 1.0 §4.1.5.4).</summary>
    public static SubmissionEntry IdentifyLimits(ulong pagePhysical)
        => new() { Opcode = (byte)AdminOpcode.Identify, Prp1 = pagePhysical, Dword10 = CommandSetLimitsData };

    /// <summary>Abort (§5.1) of one command; bit 0 of the result is 0 when it was aborted.</summary>
    public static SubmissionEntry Abort(int queue, ushort commandId)
        => new() { Opcode = (byte)AdminOpcode.Abort, Dword10 = (uint)queue | (uint)commandId << 16 };

    /// <summary>Asynchronous Event Request (§5.2): completes when the controller has something to tell.</summary>
    public static SubmissionEntry AsynchronousEventRequest()
        => new() { Opcode = (byte)AdminOpcode.AsynchronousEventRequest };

    /// <summary>Get Log Page (§5.14) of the whole controller, from its beginning; reading it lets the controller report such an event again.</summary>
    public static SubmissionEntry GetLogPage(byte page, int bytes, ulong pagePhysical) => new()
    {
        Opcode = (byte)AdminOpcode.GetLogPage,
        NamespaceId = AllNamespaces,
        Prp1 = pagePhysical,
        Dword10 = page | (uint)(bytes / sizeof(uint) - 1) << 16,
    };

    /// <summary>Set Features, not saved across power cycles (§5.21).</summary>
    public static SubmissionEntry SetFeature(FeatureId feature, uint value)
        => new() { Opcode = (byte)AdminOpcode.SetFeatures, Dword10 = (uint)feature, Dword11 = value };

    /// <summary>Get Features, the current value (§5.9).</summary>
    public static SubmissionEntry GetFeature(FeatureId feature)
        => new() { Opcode = (byte)AdminOpcode.GetFeatures, Dword10 = (uint)feature };

    /// <summary>The value of Set Features 07h that asks for this many queue pairs.</summary>
    public static uint QueueCountValue(int pairs) => (uint)(pairs - 1) | (uint)(pairs - 1) << 16;

    /// <summary>Create I/O Completion Queue (§5.3). A negative vector means no interrupts.</summary>
    public static SubmissionEntry CreateCompletionQueue(int queue, int entries, ulong physical, int vector) => new()
    {
        Opcode = (byte)AdminOpcode.CreateCompletionQueue,
        Prp1 = physical,
        Dword10 = (uint)queue | (uint)(entries - 1) << 16,
        Dword11 = PhysicallyContiguous | (vector >= 0 ? InterruptsEnabled | (uint)vector << 16 : 0),
    };

    /// <summary>Create I/O Submission Queue that completes to the completion queue of the same number (§5.4).</summary>
    public static SubmissionEntry CreateSubmissionQueue(int queue, int entries, ulong physical) => new()
    {
        Opcode = (byte)AdminOpcode.CreateSubmissionQueue,
        Prp1 = physical,
        Dword10 = (uint)queue | (uint)(entries - 1) << 16,
        Dword11 = PhysicallyContiguous | (uint)queue << 16,
    };

    /// <summary>Delete I/O Submission Queue (§5.6).</summary>
    public static SubmissionEntry DeleteSubmissionQueue(int queue)
        => new() { Opcode = (byte)AdminOpcode.DeleteSubmissionQueue, Dword10 = (uint)queue };

    /// <summary>Delete I/O Completion Queue (§5.5); its submission queue must be deleted first.</summary>
    public static SubmissionEntry DeleteCompletionQueue(int queue)
        => new() { Opcode = (byte)AdminOpcode.DeleteCompletionQueue, Dword10 = (uint)queue };
}
