using MfpClip.Imaging;

namespace MfpClip.Objectives;

/// <summary>Images with labels and masks, as a method is trained on them. Images and tensors belong to whoever made the batch.</summary>
public sealed record TrainingBatch
{
    /// <summary>The images, B of them, at the model's size; each network normalises them for itself.</summary>
    public required ImageBatch Images { get; init; }

    /// <summary>Class name of each image, B of them.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>y: 1 where the image shows a defect, 0 where not, float32 <c>[B]</c>.</summary>
    public required Tensor Labels { get; init; }

    /// <summary>
    /// Defect masks of 0 and 1 at the model's resolution, float32 <c>[B, H, W]</c>; rows without a mask are zero and stand in <see cref="HasMask"/>.
    /// </summary>
    public required Tensor Masks { get; init; }

    /// <summary>Whether an image has a mask, B of them. A normal image always has one: all zero.</summary>
    public required IReadOnlyList<bool> HasMask { get; init; }

    /// <summary>B.</summary>
    public int Count => ClassNames.Count;

    /// <summary>Images whose mask is known, in order.</summary>
    public IReadOnlyList<long> MaskedRows => [.. Enumerable.Range(0, Count).Where(i => HasMask[i]).Select(i => (long)i)];

    /// <summary>Some of the images: tensors in the caller's dispose scope, and a batch of images that the caller disposes.</summary>
    public TrainingBatch Take(IReadOnlyList<long> rows)
    {
        using var scope = torch.NewDisposeScope();
        var index = torch.tensor(rows.ToArray(), dtype: ScalarType.Int64, device: Labels.device);
        return new()
        {
            Images = Images.Take(rows),
            ClassNames = [.. rows.Select(r => ClassNames[(int)r])],
            Labels = Labels.index_select(0, index).MoveToOuterDisposeScope(),
            Masks = Masks.index_select(0, index).MoveToOuterDisposeScope(),
            HasMask = [.. rows.Select(r => HasMask[(int)r])],
        };
    }
}

/// <summary>What one forward pass of training gives.</summary>
/// <param name="Total">What is minimised, a scalar with its graph; belongs to the caller's dispose scope.</param>
/// <param name="Terms">The named terms that it is made of, weighted as in the total, for curves and logs.</param>
public sealed record TrainingLoss(Tensor Total, IReadOnlyList<KeyValuePair<string, double>> Terms);
