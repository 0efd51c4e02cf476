namespace MfpClip.Objectives.Losses;

/// <summary>Losses of image scores and logits, as PyTorch defines them.</summary>
public static class ScoreLoss
{
    /// <summary>Binary cross entropy of probabilities, log terms clamped at -100; mean.</summary>
    /// <param name="scores">S in [0,1], any shape.</param>
    /// <param name="labels">y of the same shape.</param>
    /// <exception cref="InferenceException">A score is not finite.</exception>
    public static Tensor BinaryCrossEntropy(Tensor scores, Tensor labels)
    {
        using (torch.NewDisposeScope())
        {
            // libtorch would throw an error that says nothing of training.
            if (!scores.detach().isfinite().all().item<bool>())
            {
                throw new InferenceException("A score is not finite, so that it cannot be compared with its label.");
            }
        }

        return F.binary_cross_entropy(scores, labels);
    }

    /// <summary>Cross entropy of logits; mean.</summary>
    /// <param name="logits"><c>[B, S]</c>.</param>
    /// <param name="labels">Class indices <c>[B]</c>, any dtype.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        return F.cross_entropy(logits, labels.to(ScalarType.Int64, logits.device)).MoveToOuterDisposeScope();
    }
}
