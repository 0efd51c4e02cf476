using System.Globalization;

namespace MfpClip.Native;

/// <summary>Turns a device's name into a device that is really there.</summary>
internal static class DeviceSelection
{
    /// <exception cref="DetectorConfigurationException">The name is unknown, the device is absent, or it cannot compute in that format.</exception>
    /// <exception cref="NativeBackendException">The native library does not load, or computes wrong values on this processor.</exception>
    public static Device Resolve(string name, ScalarType precision)
    {
        if (Fault(name, precision) is { } fault)
        {
            throw new DetectorConfigurationException([fault]);
        }

        var (type, index) = Parse(name)!.Value;
        if (type == DeviceType.CPU)
        {
            ProductCheck.Require();
        }

        return type == DeviceType.CPU ? torch.CPU : torch.device(DeviceType.CUDA, index);
    }

    /// <summary>What is wrong with the choice; null if nothing is.</summary>
    public static string? Fault(string name, ScalarType precision)
    {
        if (precision is not (ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16))
        {
            return $"The precision {precision} is not supported; choose Float32, BFloat16 or Float16.";
        }

        if (Parse(name) is not { } parsed)
        {
            return $"The device '{name}' is unknown; choose \"cpu\", \"cuda\" or \"cuda:N\".";
        }

        if (parsed.Type == DeviceType.CPU)
        {
            return null;
        }

        bool available = Native.NativeBackend.Guard(torch.cuda.is_available);
        if (!available)
        {
            return $"The device '{name}' was asked for, but CUDA is not available here: no GPU, no driver, or the application references a libtorch-cpu "
                + "package instead of a libtorch-cuda one. Use \"cpu\", or add the package (MfpClipEnvironment.Check() says more).";
        }

        int count = torch.cuda.device_count();
        return parsed.Index < count ? null : $"The device '{name}' was asked for, but there are only {count} CUDA devices (cuda:0 to cuda:{count - 1}).";
    }

    private static (DeviceType Type, int Index)? Parse(string name) => name?.Trim().ToLowerInvariant() switch
    {
        "cpu" => (DeviceType.CPU, 0),
        "cuda" => (DeviceType.CUDA, 0),
        { } s when s.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(s.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            => (DeviceType.CUDA, index),
        _ => null,
    };
}
