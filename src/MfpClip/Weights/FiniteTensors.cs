namespace MfpClip.Weights;

/// <summary>Reading weights that must be numbers: one NaN would make every result NaN without a word.</summary>
internal static class FiniteTensors
{
    /// <summary>Reads one tensor and refuses it unless every value is finite.</summary>
    /// <param name="file">Opened file.</param>
    /// <param name="name">Name in the file.</param>
    /// <param name="advice">What the error says after the finding.</param>
    /// <exception cref="WeightsException">The name is unknown, the data is truncated, or values are not finite.</exception>
    public static Tensor ReadFinite(this IWeightFile file, string name, string advice = "The file is damaged; fetch it again.")
    {
        using var scope = torch.NewDisposeScope();
        var tensor = file.Read(name);
        return IsFinite(tensor) ? tensor.MoveToOuterDisposeScope() : throw new WeightsException(
            file.Path, $"tensor '{name}' holds values that are not finite (NaN or infinity). {advice}");
    }

    // By the extremes, which NaN goes through: a mask of the largest tensor of a model would double the peak of a load.
    private static bool IsFinite(Tensor tensor)
    {
        if (tensor.numel() == 0 || !tensor.is_floating_point())
        {
            return true;
        }

        var (least, most) = tensor.aminmax();
        return (least.isfinite() & most.isfinite()).item<bool>();
    }
}
