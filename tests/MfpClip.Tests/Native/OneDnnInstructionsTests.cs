using MfpClip.Native;

namespace MfpClip.Tests.Native;

public class OneDnnInstructionsTests
{
    // CPUID of real machines: leaf 0 spells the vendor in EBX, EDX, ECX; EAX of leaf 1 holds the family; the low five bits of EAX of leaf 8000001D are the
    // type of the first cache.
    private static readonly (int Ebx, int Ecx, int Edx) _amd = (0x68747541, 0x444d4163, 0x69746e65);
    private static readonly (int Ebx, int Ecx, int Edx) _intel = (0x756e6547, 0x6c65746e, 0x49656e69);

    [Theory]
    [InlineData(true, 0xb00f21, 0x80000021, 0, true)] // the virtual machine on Zen 5 that it was seen on
    [InlineData(true, 0xb00f21, 0x80000021, 0x121, false)] // the same processor with its caches
    [InlineData(true, 0xb00f21, 0x80000008, 0, true)] // the leaf itself is hidden
    [InlineData(true, 0xa10f11, 0x80000021, 0, false)] // Zen 4, family 25: right
    [InlineData(false, 0xb00f21, 0x80000021, 0, false)] // another vendor
    public void Only_a_Zen_5_processor_that_hides_its_caches_is_affected(bool amd, int signature, uint extended, int firstCache, bool affected)
    {
        var vendor = amd ? _amd : _intel;

        Assert.Equal(affected, OneDnnInstructions.IsAffected((leaf, _) => (uint)leaf switch
        {
            0 => (0xd, vendor.Ebx, vendor.Ecx, vendor.Edx),
            1 => (signature, 0, 0, 0),
            0x80000000 => (unchecked((int)extended), 0, 0, 0),
            0x8000001D => (firstCache, 0, 0, 0),
            _ => default,
        }));
    }

    [Fact]
    public void Products_are_right_on_this_machine() => Assert.Null(ProductCheck.Fault);
}
