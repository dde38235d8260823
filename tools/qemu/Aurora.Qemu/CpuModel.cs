// One processor model for every host. A saved session records the CPUID it ran with and refuses a lesser machine, so the model must be
// the same under TCG and KVM and must not follow the host. Haswell without transactional memory has what the kernel and its guests
// need: XSAVE, AVX2, FMA, BMI, RDRAND, FSGSBASE, SMEP; SMAP is added. Removed is what QEMU 7.2's TCG does not implement (it would warn
// and hide it anyway): PCID, INVPCID, x2APIC, the TSC-deadline timer.
namespace Aurora.Qemu;

/// <summary>The pinned processor model.</summary>
public static class CpuModel
{
    private const string Pinned = "Haswell-noTSX,+smap,-pcid,-invpcid,-x2apic,-tsc-deadline";

    /// <summary>
    /// The value of QEMU's <c>-cpu</c>. ERMS is a promise about speed, not behaviour, and is a lie under TCG, where <c>rep movsb</c> runs
    /// at 40 MiB/s; so it is hidden there. With <c>enforce</c>, a KVM host that lacks a feature fails with its name instead of hiding it.
    /// </summary>
    public static string ArgumentFor(Acceleration acceleration)
        => acceleration == Acceleration.Kvm ? Pinned + ",enforce" : Pinned + ",-erms,enforce";
}
