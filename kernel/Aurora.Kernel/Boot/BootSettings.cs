using Aurora.Base;
using Aurora.Hal;

namespace Aurora.Kernel;

/// <summary>
/// The boot configuration. It is parsed again at each use, because the parsed form refers to the module's bytes and cannot be kept.
/// </summary>
internal sealed class BootSettings(BootInformation boot)
{
    /// <summary>The configuration, once <see cref="Check"/> has accepted it.</summary>
    public BootConfiguration Configuration
    {
        get
        {
            BootStatus status = BootConfiguration.Parse(boot.ConfigurationBytes, out BootConfiguration configuration, out _);
            Panic.Unless(status == BootStatus.Ok, "boot: the configuration changed after it was accepted"u8);
            return configuration;
        }
    }

    /// <summary>Looks at the configuration for the first time; false when it is malformed (reported).</summary>
    public bool Check(out BootConfiguration configuration)
    {
        BootStatus status = BootConfiguration.Parse(boot.ConfigurationBytes, out configuration, out _);
        return status == BootStatus.Ok || Refusal.Report("boot configuration"u8, BootStatusName.Of(status));
    }
}
